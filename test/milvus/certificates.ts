import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../.cache/milvus/certificates");

/** Paths of PEM files: an authority, a server called `milvus.test` and a client signed by it, and a client of nobody's. */
export const certificates = {
  ca: join(folder, "ca.pem"),
  server: join(folder, "server.pem"),
  serverKey: join(folder, "server.key"),
  client: join(folder, "client.pem"),
  clientKey: join(folder, "client.key"),
  stranger: join(folder, "stranger.pem"),
  strangerKey: join(folder, "stranger.key"),
} as const;
export type Certificates = typeof certificates;

const openssl = (...args: readonly string[]): void => {
  try {
    execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  } catch (error) {
    throw new Error("the TLS suite makes its certificates with openssl, which has to be on the PATH", {
      cause: error,
    });
  }
};

const selfSigned = (name: string, subject: string): void =>
  openssl(
    ..."req -x509 -newkey rsa:2048 -nodes -days 2 -keyout".split(" "),
    `${name}.key`,
    "-out",
    `${name}.pem`,
    "-subj",
    `/CN=${subject}`,
  );

const signed = (name: string, host: string): void => {
  openssl(
    ..."req -newkey rsa:2048 -nodes -keyout".split(" "),
    `${name}.key`,
    "-out",
    `${name}.csr`,
    "-subj",
    `/CN=${host}`,
  );
  writeFileSync(join(folder, `${name}.ext`), `subjectAltName=DNS:${host}\n`);
  openssl(
    ..."x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -in".split(" "),
    `${name}.csr`,
    "-extfile",
    `${name}.ext`,
    "-out",
    `${name}.pem`,
  );
};

/** New ones for two days, in a folder that git ignores. */
export const makeCertificates = (): Certificates => {
  mkdirSync(folder, { recursive: true });
  selfSigned("ca", "Kettle test authority");
  selfSigned("stranger", "stranger");
  signed("server", "milvus.test");
  signed("client", "client.test");
  return certificates;
};

/** Keys of the server's configuration. */
export const mutualTls = ({ ca, server, serverKey }: Certificates): Readonly<Record<string, string>> => ({
  tls_mode: "2",
  ca_pem_path: ca,
  server_pem_path: server,
  server_key_path: serverKey,
});
