import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/config/load.ts";
import { createEmbedder } from "../../lib/embed/create.ts";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { collectionNames } from "../../lib/store/store.ts";
import { type Bundled, bundleFunction } from "../../packaging/bundle.ts";
import { type Call, context, event } from "../http/event.ts";

const root = join(import.meta.dirname, "../..");
const config = loadConfig(join(root, "kettle.yml"), "local");
const arch = process.arch === "arm64" ? "arm64" : "x64";
const text = "Red kites soar in circles over warm ground.";

let folder: string;
const bundle = (name: "search" | "api" | "parse"): Promise<Bundled> =>
  bundleFunction(name, { root, out: folder, config, target: { platform: "linux", arch } });

/** Calls the handler of a bundle in a process of its own, away from the repository, as Lambda would. */
const invoke = async ({ name, folder: at }: Bundled, call: Call) => {
  const script = `
    const { handler } = await import(${JSON.stringify(join(at, `functions/${name}.mjs`))});
    const { getRemainingTimeInMillis, ...context } = ${JSON.stringify(context())};
    const answer = await handler(${JSON.stringify(event(call))}, { ...context, getRemainingTimeInMillis: () => 29000 });
    process.stdout.write("\\nANSWER" + JSON.stringify(answer), () => process.exit(0));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      LAMBDA_TASK_ROOT: at,
      KETTLE_DATA_DIR: join(folder, "data"),
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      // Nothing listens there: what these routes need is in the bundle and in the store.
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
    },
  });
  const answer = JSON.parse(stdout.slice(stdout.lastIndexOf("\nANSWER") + "\nANSWER".length));
  return { status: answer.statusCode, headers: answer.headers, body: answer.body };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kettle-bundle-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const storeOneChunk = async (): Promise<void> => {
  const store = embeddedStore({ path: join(folder, "data/store.sqlite") });
  const embedder = await createEmbedder({ config, modelsDir: join(root, "models"), vcpus: 1 });
  const { identity, dimension, model } = embedder;
  const { main } = collectionNames(config.store.collection, identity);
  await store.ensure({ name: main, dimension, identity, model });
  await store.setAlias(config.store.collection, main);
  await store.upsert(main, [
    {
      id: "chunk",
      documentId: "document",
      run: 1,
      key: "kites.txt",
      contentType: "text/plain",
      metadata: {},
      ingestedAt: 1,
      ordinal: 0,
      text,
      tokens: 10,
      page: null,
      heading: "",
      charStart: 0,
      charEnd: text.length,
      modality: "text",
      language: "en",
      contentHash: "hash",
      quality: 1,
      qualityFlags: [],
      clusterId: -1,
      clusterVersion: 0,
      clusterDistance: 0,
      duplicateGroup: "hash",
      vector: await embedder.embed([text], "passage"),
    },
  ]);
  await store.close();
  await embedder.close();
};

describe.skipIf(process.platform !== "linux")("a packaged function", () => {
  it("search embeds the question with the model in its bundle and finds a chunk", async () => {
    await storeOneChunk();
    const search = await bundle("search");
    const { status, body } = await invoke(search, {
      method: "POST",
      path: "/search",
      body: { query: "Which birds circle in rising air?", cluster: { algorithm: "none" } },
    });
    expect({ status, body }).toMatchObject({ status: 200 });
    expect(JSON.parse(body).hits).toMatchObject([{ rank: 1, text, key: "kites.txt" }]);
  });

  it("api serves the page and the description", async () => {
    const api = await bundle("api");
    const page = await invoke(api, { path: "/" });
    expect(page).toMatchObject({ status: 200, headers: { "content-type": "text/html; charset=utf-8" } });
    expect(page.body).toBe(await readFile(join(root, "web/index.html"), "utf8"));
    const openapi = await invoke(api, { path: "/openapi.json" });
    expect(JSON.parse(openapi.body)).toMatchObject({ openapi: "3.1.0" });
  });

  it("api knows the stage that it was packaged for", async () => {
    const api = await bundle("api");
    const { body } = await invoke(api, { path: "/config" });
    expect(JSON.parse(body)).toMatchObject({ stage: "local" });
  });
});
