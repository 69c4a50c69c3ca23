import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.ts";
import { type SecretClients, storeTls, storeToken, tokenIn } from "../../lib/store/milvus/credentials.ts";

/** What the real SDK clients are answered: secrets and parameters by name, as AWS does in JSON 1.1. */
const held: Record<string, string> = {};
const asked: { target: string; body: Record<string, unknown> }[] = [];
let server: Server;
let clients: SecretClients;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const body = JSON.parse(text) as Record<string, unknown>;
    const target = String(request.headers["x-amz-target"]);
    asked.push({ target, body });
    const value = held[String(body.SecretId ?? body.Name)];
    response.setHeader("content-type", "application/x-amz-json-1.1");
    if (value === undefined) {
      response.statusCode = 400;
      response.end(
        JSON.stringify({ __type: body.SecretId ? "ResourceNotFoundException" : "ParameterNotFound" }),
      );
    } else
      response.end(JSON.stringify(body.SecretId ? { SecretString: value } : { Parameter: { Value: value } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const options = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  };
  clients = {
    secrets: async () => new SecretsManagerClient(options),
    parameters: async () => new SSMClient(options),
  };
});
afterAll(() => void server.close());

const none = { token: null, user: null, password: null };
const tokenOf = (store: string, storeLogin: Partial<typeof none> | Record<string, string> = {}) =>
  storeToken(
    { config: parseConfig(`store: ${store}`, "local"), storeLogin: { ...none, ...storeLogin } },
    clients,
  )();

describe("the login of the server", () => {
  it("is none where nothing names one", async () => {
    expect(await tokenOf("{}")).toBeNull();
  });

  it("comes from Secrets Manager", async () => {
    held["kettle/milvus"] = "writer:Secret-1\n";
    expect(await tokenOf("{ tokenSecret: kettle/milvus }")).toBe("writer:Secret-1");
  });

  it("comes from SSM, decrypted", async () => {
    held["/kettle/milvus"] = "writer:Secret-2";
    expect(await tokenOf("{ tokenParameter: /kettle/milvus }")).toBe("writer:Secret-2");
    expect(asked.at(-1)).toEqual({
      target: "AmazonSSM.GetParameter",
      body: { Name: "/kettle/milvus", WithDecryption: true },
    });
  });

  it("from the environment goes before both, without asking AWS", async () => {
    const before = asked.length;
    expect(await tokenOf("{ tokenSecret: nowhere }", { token: "a:b" })).toBe("a:b");
    expect(await tokenOf("{ tokenSecret: nowhere }", { user: "a", password: "p:q" })).toBe("a:p:q");
    expect(asked).toHaveLength(before);
  });

  it("is read anew each time, so that a rotated password is taken up", async () => {
    const token = storeToken(
      { config: parseConfig("store: { tokenSecret: rotated }", "local"), storeLogin: none },
      clients,
    );
    held.rotated = "w:Old-pass1";
    expect(await token()).toBe("w:Old-pass1");
    held.rotated = "w:New-pass1";
    expect(await token()).toBe("w:New-pass1");
  });

  it.each([
    [
      "{ tokenSecret: gone }",
      {},
      "AWS_UNAVAILABLE",
      "the secret gone (store.tokenSecret) (ResourceNotFoundException)",
    ],
    ["{ tokenParameter: /gone }", {}, "AWS_UNAVAILABLE", "needs ssm:GetParameter"],
    ["{}", { user: "ann" }, "STORE_UNAVAILABLE", "KETTLE_STORE_PASSWORD is not set"],
    ["{}", { password: "x" }, "STORE_UNAVAILABLE", "KETTLE_STORE_USER is not set"],
  ])("%s with %j fails as %s", async (store, login, code, words) => {
    await expect(tokenOf(store, login)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
  });

  it.each([
    ["root:Milvus", "root:Milvus"],
    ["db_key_1234", "db_key_1234"],
    ["ann: spaced end \r\n", "ann: spaced end "],
    ['{"username":"ann","password":"p\\"w"}', 'ann:p"w'],
    ['{"user":"ann","password":"pw","host":"x"}', "ann:pw"],
    ['{"token":"key"}', "key"],
  ])("reads %j", (text, token) => {
    expect(tokenIn(text, "it")).toBe(token);
  });

  it.each([undefined, "", "\n", "{", '{"password":"Secret-3"}', '{"username":"ann","password":""}'])(
    "refuses %j and does not repeat it",
    (text) => {
      expect(() => tokenIn(text, "the secret x")).toThrow(
        /^the secret x (is empty|holds JSON without a login)/,
      );
      if (text) expect(() => tokenIn(text, "it")).not.toThrow(/Secret-3/);
    },
  );
});

describe("TLS of the parameters", () => {
  const tlsOf = (store: string) =>
    storeTls({ config: parseConfig(`store: ${store}`, "local"), root: "/srv/app" });

  it("is off by default", () => {
    expect(tlsOf("{}")).toBeNull();
  });

  it("takes paths from where kettle.yml lies", () => {
    expect(
      tlsOf(
        "{ tls: true, tlsFiles: { ca: tls/ca.pem, certificate: /etc/c.pem, key: /etc/k.pem, serverName: m } }",
      ),
    ).toEqual({ ca: "/srv/app/tls/ca.pem", certificate: "/etc/c.pem", key: "/etc/k.pem", serverName: "m" });
  });

  it.each([
    ["{ tls: true, tlsFiles: { certificate: c.pem } }", "store.tlsFiles.key: mutual TLS needs both"],
    ["{ tls: true, tlsFiles: { key: k.pem } }", "store.tlsFiles.certificate: mutual TLS needs both"],
    ["{ tlsFiles: { ca: ca.pem } }", "store.tlsFiles: needs `store.tls: true`"],
    ["{ tokenSecret: a, tokenParameter: b }", "not both"],
  ])("%s is refused when kettle.yml is read", (store, words) => {
    expect(() => parseConfig(`store: ${store}`, "local")).toThrow(words);
  });
});
