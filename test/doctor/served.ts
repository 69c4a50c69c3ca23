import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { type Emulator, startEmulator } from "../../localstack/emulator/emulator.ts";
import { context, event } from "../http/event.ts";

/** The HTTP functions as they are deployed, over an emulated S3 and SQS and the embedded store; nobody takes messages. */
export type Served = {
  readonly url: string;
  readonly awsUrl: string;
  readonly kettle: ReturnType<typeof import("../../lib/compose.ts").compose>;
  close(): Promise<void>;
};

export const token = "test-token";
const queues = ["ingest", "embed", "cluster", "write", "recluster"];

const emulated = (dataDir: string): Promise<Emulator> =>
  startEmulator({
    port: 0,
    dataDir,
    buckets: ["kettle-documents", "kettle-state"].map((name) => ({ name, notifications: [] })),
    queues: queues
      .flatMap((name) => [`kettle-${name}`, `kettle-${name}-dlq`])
      .map((name) => ({ name, visibilityTimeout: 30, retentionSeconds: 3600 })),
  });

/** Handlers by the function that serverless.yml gives the route to. */
const handlers = async () => {
  const { handler: api } = await import("../../functions/api.ts");
  const { handler: documents } = await import("../../functions/documents.ts");
  const { handler: clusters } = await import("../../functions/clusters.ts");
  return (path: string) =>
    path.startsWith("/documents") ? documents : path.startsWith("/clusters") ? clusters : api;
};

export const serveFunctions = async (): Promise<Served> => {
  const folder = mkdtempSync(join(tmpdir(), "kettle-doctor-"));
  const emulator = await emulated(folder);
  const config = join(folder, "kettle.yml");
  writeFileSync(config, "{ http: { auth: true }, log: { level: ERROR }, stages: { local: {} } }");
  for (const [name, value] of Object.entries({
    KETTLE_CONFIG: config,
    KETTLE_DATA_DIR: folder,
    KETTLE_TOKEN: token,
    POWERTOOLS_DEV: "false",
    AWS_ENDPOINT_URL: emulator.url,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  }))
    vi.stubEnv(name, value);
  const handlerOf = await handlers();
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
    const { authorization } = request.headers;
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const call = { method: request.method ?? "GET", path: pathname, query: search.slice(1), headers };
    void Promise.resolve(handlerOf(pathname)(event(call), { ...context(), awsRequestId: randomUUID() })).then(
      (answer) => {
        response.writeHead(answer?.statusCode ?? 500, { "content-type": "application/json" });
        response.end(answer?.body);
      },
    );
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { compose } = await import("../../lib/compose.ts");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    awsUrl: emulator.url,
    kettle: compose(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await (await compose().store()).close();
      await emulator.close();
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
