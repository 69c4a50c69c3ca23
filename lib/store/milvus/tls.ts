import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { AppError } from "../../errors.ts";

export type Tls = {
  /** Paths of PEM files; a certificate and key of our own make it mutual. */
  readonly ca: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
  /** Name in the server's certificate where it is not the host of the address. */
  readonly serverName: string | null;
};

/** @throws AppError `STORE_UNAVAILABLE` naming the parameter: to documents it is an outage, which somebody will mend */
export const checkTlsFiles = async ({ ca, certificate, key }: Tls): Promise<void> => {
  for (const [name, path] of Object.entries({ ca, certificate, key })) {
    if (path === null) continue;
    await access(path, constants.R_OK).catch((cause: unknown) => {
      throw new AppError("STORE_UNAVAILABLE", `store.tlsFiles.${name}: there is no readable file ${path}`, {
        cause,
      });
    });
  }
};

/** What OpenSSL and Node say of a handshake, and what to set. */
const causes: readonly (readonly [RegExp, string])[] = [
  [
    /certificate required|bad certificate|alert number (42|116)/i,
    "the server asks this client for a certificate, or does not trust the one it has (mutual TLS): set store.tlsFiles.certificate and store.tlsFiles.key",
  ],
  [
    /does not match certificate's altnames|hostname.*mismatch/i,
    "the server's certificate is for another name: set store.tlsFiles.serverName to the one that is in it",
  ],
  [/certificate has expired/i, "the server's certificate has expired: renew it"],
  [
    /verify the first certificate|self.signed certificate|local issuer certificate/i,
    "the authority of the server's certificate is not trusted here: set store.tlsFiles.ca to its PEM file",
  ],
];

/** What to set about a handshake that failed; null where the reason does not speak of one. */
export const tlsAdvice = (reason: string): string | null =>
  causes.find(([pattern]) => pattern.test(reason))?.[1] ?? null;
