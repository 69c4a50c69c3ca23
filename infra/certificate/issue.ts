// Its library registers algorithms by decorators, which ask for this.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** Both PEM; the key as PKCS #8. */
export type CertificateAndKey = { readonly certificate: string; readonly key: string };

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Ten years: a renewal is a deployment that somebody decides on, never a night on which everything stops. */
const validDays = 3_650;
const dayMs = 86_400_000;

const validity = (now: Date) => ({
  // Clocks differ.
  notBefore: new Date(now.getTime() - dayMs),
  notAfter: new Date(now.getTime() + validDays * dayMs),
});

/** 127 bits: positive, as RFC 5280 (4.1.2.2) wants it. */
const serialNumber = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
};

const exportKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;

const importKey = (pem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(pem), algorithm, false, ["sign"]);

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

const pem = (certificate: X509Certificate): string => `${certificate.toString("pem")}\n`;

/** An authority of its own, which may sign servers and nothing that signs further. */
export const createAuthority = async (name: string, now: Date): Promise<CertificateAndKey> => {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: [{ CN: [name] }],
      ...validity(now),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto,
  );
  return { certificate: pem(certificate), key: await exportKey(keys.privateKey) };
};

/**
 * A server's certificate for DNS names, signed by `authority` (ECDSA on P-256).
 * @returns the serial number too, in hexadecimal: another one, another certificate
 */
export const issueServerCertificate = async (
  authority: CertificateAndKey,
  names: readonly string[],
  now: Date,
): Promise<CertificateAndKey & { readonly serial: string }> => {
  const issuer = new X509Certificate(authority.certificate);
  const keys = await newKeys();
  const serial = serialNumber();
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serial,
      // Not a server's name, which may be longer than the 64 characters of a common name: those are below.
      subject: [{ CN: ["Milvus"] }],
      issuer: issuer.subject,
      ...validity(now),
      signingAlgorithm: algorithm,
      signingKey: await importKey(authority.key),
      publicKey: keys.publicKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
        await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto,
  );
  return { certificate: pem(certificate), key: await exportKey(keys.privateKey), serial };
};
