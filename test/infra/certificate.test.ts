import { execFile } from "node:child_process";
import { createPublicKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { bundleHandler } from "../../infra/certificate/bundle.ts";
import { createAuthority, issueServerCertificate } from "../../infra/certificate/issue.ts";
import { keepCertificate, type Secrets } from "../../infra/certificate/keep-certificate.ts";

const now = new Date();
const host = "kettle-milvus-0123456789abcdef.elb.us-east-1.amazonaws.com";
const request = {
  authoritySecret: "authority",
  serverSecret: "server",
  authorityName: "kettle prod Milvus",
  names: [host, "milvus.milvus.svc"],
};

const secretsIn = (kept: Map<string, string>): Secrets => ({
  read: async (arn) => kept.get(arn) ?? null,
  write: async (arn, value) => {
    kept.set(arn, value);
  },
});

/** Whether a client that trusts `ca` alone is let in by a server with this certificate; the reason where it is not. */
const handshake = async (
  server: { certificate: string; key: string },
  ca: string,
  servername: string,
): Promise<string> => {
  const listening = createTlsServer({ cert: server.certificate, key: server.key }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  listening.on("tlsClientError", () => undefined);
  const client = connect({
    port: (listening.address() as AddressInfo).port,
    host: "127.0.0.1",
    ca,
    servername,
  });
  try {
    const [outcome] = await Promise.race([
      once(client, "secureConnect").then(() => ["trusted"]),
      once(client, "error").catch((error: Error) => [error.message]),
    ]);
    return outcome instanceof Error ? outcome.message : String(outcome);
  } catch (error) {
    return (error as Error).message;
  } finally {
    client.destroy();
    listening.close();
  }
};

it("a client that trusts the authority connects by each name, and by no other", async () => {
  const authority = await createAuthority("test", now);
  const server = await issueServerCertificate(authority, [host, "localhost"], now);
  for (const name of [host, "localhost"])
    expect(await handshake(server, authority.certificate, name)).toBe("trusted");
  expect(await handshake(server, authority.certificate, "elsewhere.example")).toContain(
    "does not match certificate's altnames",
  );
});

it("a client that trusts another authority does not connect", async () => {
  const server = await issueServerCertificate(await createAuthority("test", now), [host], now);
  const other = await createAuthority("test", now);
  expect(await handshake(server, other.certificate, host)).toMatch(/verify|certificate/);
});

it("the server's certificate signs nothing, the authority signs servers only", async () => {
  const authority = await createAuthority("test", now);
  const server = await issueServerCertificate(authority, [host], now);
  expect(new X509Certificate(server.certificate).ca).toBe(false);
  expect(new X509Certificate(authority.certificate).ca).toBe(true);
  expect(createPublicKey(server.certificate).asymmetricKeyDetails).toMatchObject({
    namedCurve: "prime256v1",
  });
});

it("a renewed certificate has another serial number and the same authority", async () => {
  const kept = new Map<string, string>();
  const first = await keepCertificate(secretsIn(kept), request, now);
  const old = JSON.parse(kept.get("server") ?? "");
  const second = await keepCertificate(secretsIn(kept), request, now);
  const renewed = JSON.parse(kept.get("server") ?? "");
  expect(second.ca).toBe(first.ca);
  expect(second.serial).not.toBe(first.serial);
  expect(renewed["tls.key"]).not.toBe(old["tls.key"]);
  const server = { certificate: renewed["tls.crt"], key: renewed["tls.key"] };
  expect(await handshake(server, first.ca, host)).toBe("trusted");
});

it("no private key is in what CloudFormation keeps", async () => {
  const answer = await keepCertificate(secretsIn(new Map()), request, now);
  expect(Object.keys(answer).toSorted()).toEqual(["ca", "serial"]);
  expect(JSON.stringify(answer)).not.toContain("PRIVATE KEY");
});

/** Runs the bundled function as Lambda would and gives what it told CloudFormation. */
const invokeBundled = async (event: Record<string, unknown>, environment: Record<string, string> = {}) => {
  let told = "";
  const cloudFormation = createServer((incoming, answer) => {
    incoming.on("data", (part) => {
      told += part;
    });
    incoming.on("end", () => answer.end());
  }).listen(0, "127.0.0.1");
  await once(cloudFormation, "listening");
  const { port } = cloudFormation.address() as AddressInfo;
  const complete = { ...event, ResponseURL: `http://127.0.0.1:${port}/`, LogicalResourceId: "Certificate" };
  const folder = await mkdtemp(join(tmpdir(), "kettle-certificate-"));
  try {
    bundleHandler(folder);
    await symlink(join(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
    const script = `const { handler } = await import(${JSON.stringify(join(folder, "index.mjs"))});
      await handler(${JSON.stringify(complete)});`;
    await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
      env: { PATH: process.env.PATH, AWS_REGION: "us-east-1", ...environment },
    });
  } finally {
    cloudFormation.close();
    await rm(folder, { recursive: true });
  }
  return JSON.parse(told);
};

it("the bundled function answers CloudFormation when the stack goes, and touches no secret", async () => {
  expect(await invokeBundled({ RequestType: "Delete" })).toMatchObject({
    Status: "SUCCESS",
    PhysicalResourceId: "certificate",
    LogicalResourceId: "Certificate",
  });
});

it("a function that may not read its secrets says so, instead of leaving CloudFormation to wait", async () => {
  const answer = await invokeBundled(
    { RequestType: "Create", ResourceProperties: { AuthoritySecret: "a", ServerSecret: "b", Names: [host] } },
    // Nothing listens there.
    {
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      AWS_ACCESS_KEY_ID: "x",
      AWS_SECRET_ACCESS_KEY: "x",
      AWS_MAX_ATTEMPTS: "1",
    },
  );
  expect(answer).toMatchObject({ Status: "FAILED", Reason: expect.stringContaining("ECONNREFUSED") });
});
