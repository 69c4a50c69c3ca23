import { z } from "zod";
import { type CertificateAndKey, createAuthority, issueServerCertificate } from "./issue.ts";

const authoritySchema = z.object({ certificate: z.string().min(1), key: z.string().min(1) });

/** What is used of Secrets Manager. */
export type Secrets = {
  /** Null: the secret has no value yet. */
  read(arn: string): Promise<string | null>;
  write(arn: string, value: string): Promise<void>;
};

export type CertificateRequest = {
  readonly authoritySecret: string;
  readonly serverSecret: string;
  /** Common name of the authority. */
  readonly authorityName: string;
  /** DNS names of the server. */
  readonly names: readonly string[];
};

/** The authority is made once; clients go on trusting it when the server's certificate is renewed. */
const authorityOf = async (
  secrets: Secrets,
  request: CertificateRequest,
  now: Date,
): Promise<CertificateAndKey> => {
  const kept = await secrets.read(request.authoritySecret);
  if (kept !== null) return authoritySchema.parse(JSON.parse(kept));
  const made = await createAuthority(request.authorityName, now);
  await secrets.write(request.authoritySecret, JSON.stringify(made));
  return made;
};

/**
 * Issues a certificate for the server and keeps it in Secrets Manager with the keys of a Kubernetes Secret of type
 * `kubernetes.io/tls`. No private key is in the answer, since CloudFormation keeps that.
 */
export const keepCertificate = async (
  secrets: Secrets,
  request: CertificateRequest,
  now: Date,
): Promise<{ readonly ca: string; readonly serial: string }> => {
  const authority = await authorityOf(secrets, request, now);
  const { certificate, key, serial } = await issueServerCertificate(authority, request.names, now);
  await secrets.write(request.serverSecret, JSON.stringify({ "tls.crt": certificate, "tls.key": key }));
  return { ca: authority.certificate, serial };
};
