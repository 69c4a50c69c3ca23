import { createHash, timingSafeEqual } from "node:crypto";
import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { Config } from "../config/schema.ts";
import { AppError } from "../errors.ts";

/** Answers whether a request's `Authorization` header carries the token. */
export type Authenticate = (header: string | undefined) => Promise<boolean>;

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** In constant time, whatever the lengths: digests are compared. */
const sameToken = (given: string, expected: string): boolean =>
  timingSafeEqual(digest(given), digest(expected));

const bearer = (header: string | undefined): string | null =>
  /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1] ?? null;

/** How long a token from Secrets Manager is believed, and how often a wrong one may make us ask again. */
const cacheMs = 300_000;
const refreshMs = 10_000;

/** Reads a token and keeps it for a while. `fresh`: the caller has seen it fail, it may have been rotated. */
export type TokenSource = (fresh: boolean) => Promise<string>;

const readSecret = async (client: Pick<SecretsManagerClient, "send">, name: string): Promise<string> => {
  const { SecretString } = await client
    .send(new GetSecretValueCommand({ SecretId: name }))
    .catch((cause: unknown) => {
      throw new AppError("AWS_UNAVAILABLE", `cannot read the secret ${name} (http.tokenSecret)`, { cause });
    });
  const token = SecretString?.trim();
  if (token) return token;
  throw new AppError("CONFIG_INVALID", `the secret ${name} (http.tokenSecret) is empty`);
};

/** The token in Secrets Manager. While it cannot be read again, the one known last goes on being believed. */
export const secretToken = (
  client: Pick<SecretsManagerClient, "send">,
  name: string,
  now: () => number = Date.now,
): TokenSource => {
  let known: { readonly token: string; readonly readAt: number } | null = null;
  return async (fresh) => {
    const last = known;
    if (last !== null && now() - last.readAt < (fresh ? refreshMs : cacheMs)) return last.token;
    const reading = readSecret(client, name);
    const token = await (last === null ? reading : reading.catch(() => last.token));
    known = { token, readAt: now() };
    return token;
  };
};

/** @returns true for everybody when `token` is null: `http.auth` is off. */
export const authenticator =
  (token: TokenSource | null): Authenticate =>
  async (header) => {
    if (token === null) return true;
    const given = bearer(header);
    if (given === null) return false;
    return sameToken(given, await token(false)) || sameToken(given, await token(true));
  };

/**
 * Where the token comes from: KETTLE_TOKEN, else the secret; null when `http.auth` is off.
 * @throws AppError `CONFIG_INVALID` when `http.auth` is on and there is neither: an API that nobody could call, or,
 *   worse, that anybody could.
 */
export const tokenSource = (
  environment: { readonly config: Pick<Config, "http">; readonly token: string | null },
  client: () => Pick<SecretsManagerClient, "send">,
): TokenSource | null => {
  const { auth, tokenSecret } = environment.config.http;
  if (!auth) return null;
  const { token } = environment;
  if (token !== null) return async () => token;
  if (tokenSecret !== null) return secretToken(client(), tokenSecret);
  throw new AppError(
    "CONFIG_INVALID",
    "http.auth is on and there is no token: set KETTLE_TOKEN, or http.tokenSecret in kettle.yml to the name of a secret, or http.auth to false",
  );
};
