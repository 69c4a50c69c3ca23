import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  localstackEnvironment,
  requireLocalstack,
  requireStore,
  requireUsableStore,
} from "../../localstack/external-services.ts";
import { StartError } from "../../localstack/runner/options.ts";
import { freePort } from "../../localstack/spawn-stack.ts";

/** Answers every request alike. */
const serving = async (status: number, body: string): Promise<string> => {
  const server = createServer((_, response) => response.writeHead(status).end(body)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const refusal = async (promise: Promise<void>): Promise<string> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartError);
  const { message } = error as StartError;
  expect(message).not.toContain("\n");
  return message;
};

describe("what start:localstack needs", () => {
  it("a missing LocalStack is one line that says how to run it", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const message = await refusal(requireLocalstack(url));
    expect(message).toContain(`no LocalStack answers at ${url}`);
    expect(message).toContain("docker compose up -d");
  });

  it("another server at its address is not taken for it", async () => {
    for (const url of [await serving(404, "<Error/>"), await serving(200, "hello"), await serving(200, "{}")])
      expect(await refusal(requireLocalstack(url))).toContain("is not LocalStack");
  });

  it("a LocalStack without SQS is told what to set", async () => {
    const url = await serving(200, '{"services": {"s3": "running", "sqs": "disabled"}}');
    expect(await refusal(requireLocalstack(url))).toMatch(/sqs \(disabled\).*SERVICES=s3,sqs/);
  });

  it("a LocalStack with both is taken, whether they were used before or not", async () => {
    await requireLocalstack(await serving(200, '{"services": {"s3": "available", "sqs": "running"}}'));
  });

  const store = (driver: "embedded" | "milvus", address: string | null) =>
    ({ store: { driver, address } }) as Parameters<typeof requireStore>[0];

  it("a missing Milvus is one line that says how to run it", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const message = await refusal(requireStore(store("milvus", address)));
    expect(message).toContain(`no Milvus answers at ${address}`);
    expect(message).toContain("docker compose up -d");
  });

  it("a Milvus that listens, and the embedded store, are taken", async () => {
    const { host } = new URL(await serving(200, ""));
    await requireStore(store("milvus", host));
    await requireStore(store("milvus", `http://${host}`));
    await requireStore(store("embedded", null));
  });
});

describe("the store as the HTTP API sees it", () => {
  const health = (ok: boolean, message = "the collection is of another model") =>
    JSON.stringify({ checks: [{ name: "store", ok, message }] });
  const refusalOf = async (body: string): Promise<string> => {
    const error = await requireUsableStore(await serving(503, body)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartError);
    return (error as StartError).message;
  };

  it("that cannot be used is told in its own words, a refused login with where it comes from", async () => {
    expect(await refusalOf(health(false))).toBe("the collection is of another model");
    const login = health(false, "auth check failure (set KETTLE_STORE_TOKEN)");
    expect(await refusalOf(login)).toMatch(/^auth check failure .*\n.*MILVUS_ROOT_PASSWORD of \.env/);
  });

  it("that can be used, or is not shown to us, is taken", async () => {
    await requireUsableStore(await serving(200, health(true)));
    await requireUsableStore(await serving(401, '{"error": {"code": "UNAUTHORIZED"}}'));
    await requireUsableStore(await serving(502, "<html>"));
  });
});

describe("the environment of start:localstack", () => {
  const withFile = (text: string, env: Record<string, string>) => {
    const root = mkdtempSync(join(tmpdir(), "kettle-env-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    writeFileSync(join(root, ".env"), text);
    return localstackEnvironment(root, env);
  };

  it("makes Milvus's login of the password that compose takes", () => {
    expect(withFile("MILVUS_ROOT_PASSWORD=Secret-1\n", {}).KETTLE_STORE_TOKEN).toBe("root:Secret-1");
  });

  it("the user's own variables win, empty ones do not count", () => {
    const text = "MILVUS_ROOT_PASSWORD=Secret-1\nKETTLE_HTTP_PORT=3001\nLOCALSTACK_PORT=4599\n";
    const env = withFile(text, { KETTLE_STORE_TOKEN: "reader:Secret-2", KETTLE_HTTP_PORT: "" });
    expect(env).toMatchObject({
      KETTLE_STORE_TOKEN: "reader:Secret-2",
      KETTLE_HTTP_PORT: "3001",
      AWS_ENDPOINT_URL: "http://127.0.0.1:4599",
    });
  });

  it("makes no login where the user gave one by name and password", () => {
    const env = { KETTLE_STORE_USER: "reader", KETTLE_STORE_PASSWORD: "Secret-2" };
    expect(withFile("MILVUS_ROOT_PASSWORD=Secret-1\n", env)).not.toHaveProperty("KETTLE_STORE_TOKEN");
  });

  it("is the user's alone where there is no .env", () => {
    expect(localstackEnvironment(join(tmpdir(), "no such folder"), { A: "1" })).toEqual({ A: "1" });
  });
});
