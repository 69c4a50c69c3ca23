import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { onnxEmbedder } from "../../lib/embed/onnx.ts";
import { listModels, type PullEvent, pullModel, verifyFiles } from "../../lib/embed/pull.ts";
import { type Hub, type HubFile, startHub } from "./hub.ts";
import {
  lookupModel,
  type ModelInput,
  tinyTable,
  tinyTokenizer,
  tinyWords,
  writeTinyModel,
} from "./tiny-model.ts";

const weights = Buffer.from(lookupModel(tinyTable, ["input_ids", "attention_mask"]));
const tokenizer = Buffer.from(JSON.stringify(tinyTokenizer(tinyWords)));
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const weightsUrl = "/tiny/resolve/main/model.onnx";
const tokenizerUrl = "/tiny/resolve/main/tokenizer.json";

let dir: string;
let hub: Hub;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "kettle-pull-"));
  hub = await startHub();
  hub.files.set(weightsUrl, { body: weights });
  hub.files.set(tokenizerUrl, { body: tokenizer });
  manifest();
});
afterEach(async () => {
  await hub.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A manifest that lists the tiny model on the hub; none of its files is here. */
const manifest = (known: Partial<ModelInput["files"][number]> = {}): void => {
  writeTinyModel(dir, {
    files: [
      { path: "model.onnx", url: `{hub}${weightsUrl}`, sha256: null, ...known },
      { path: "tokenizer.json", url: `{hub}${tokenizerUrl}`, sha256: null },
    ],
  });
  rmSync(join(dir, "tiny"), { recursive: true });
};

const events: PullEvent[] = [];
const pull = (
  options: { signal?: AbortSignal; idleTimeoutMs?: number; hub?: string; onEvent?: () => unknown } = {},
) => {
  events.length = 0;
  return pullModel({
    modelsDir: dir,
    model: "tiny",
    hub: hub.url,
    signal: new AbortController().signal,
    ...options,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.();
    },
  });
};
const lastProgress = () => {
  const last = events.at(-1);
  return last?.type === "progress" ? last : { done: 0, total: null };
};
const file = (name: string): string => join(dir, "tiny", name);
const lock = (): unknown => JSON.parse(readFileSync(join(dir, "manifest.lock.json"), "utf8"));

describe("pull", () => {
  it("brings the files, and the model then embeds", async () => {
    await pull();
    expect(readFileSync(file("model.onnx"))).toEqual(weights);
    const embedder = await onnxEmbedder({ modelsDir: dir, model: "tiny", threads: 1 });
    expect(await embedder.embed(["kite"], "passage")).toHaveLength(3);
    await embedder.close();
  });

  it("locks the hashes it got where the manifest has none", async () => {
    const pulled = await pull();
    expect(pulled.map(({ sha256: hash, locked }) => [hash, locked])).toEqual([
      [sha256(weights), true],
      [sha256(tokenizer), true],
    ]);
    expect(lock()).toMatchObject({
      models: { tiny: { "model.onnx": { sha256: sha256(weights), bytes: weights.length } } },
    });
  });

  it("writes no lock for a file whose hash the manifest has", async () => {
    manifest({ sha256: sha256(weights) });
    await pull();
    expect(lock()).toMatchObject({
      models: { tiny: expect.not.objectContaining({ "model.onnx": expect.anything() }) },
    });
  });

  it("follows redirects, and a hub's trailing slash does no harm", async () => {
    hub.files.set("/cdn/weights", { body: weights });
    hub.files.set(weightsUrl, { body: weights, location: "/cdn/weights" });
    await pull({ hub: `${hub.url}/` });
    expect(readFileSync(file("model.onnx"))).toEqual(weights);
  });

  it("asks for nothing when everything is here", async () => {
    await pull();
    hub.requests.length = 0;
    const again = await pull();
    expect(hub.requests).toEqual([]);
    expect(again.map(({ how }) => how)).toEqual(["was here", "was here"]);
  });

  it("replaces a damaged file", async () => {
    await pull();
    writeFileSync(file("model.onnx"), "damaged");
    await pull();
    expect(readFileSync(file("model.onnx"))).toEqual(weights);
  });

  it("takes a file that was put there by hand, and locks it", async () => {
    mkdirSync(join(dir, "tiny"));
    writeFileSync(file("model.onnx"), weights);
    await pull();
    expect(hub.requests).toEqual([`GET ${tokenizerUrl}`]);
    expect(lock()).toMatchObject({ models: { tiny: { "model.onnx": { sha256: sha256(weights) } } } });
  });

  it("reports bytes up to the whole of each file", async () => {
    await pull();
    const last = events.filter((e) => e.type === "progress" && e.file === "model.onnx").at(-1);
    expect(last).toEqual({
      type: "progress",
      file: "model.onnx",
      done: weights.length,
      total: weights.length,
    });
  });
});

describe("a wrong hash", () => {
  const other = Buffer.from("another file");

  it.each([
    ["of the manifest", () => manifest({ sha256: sha256(weights) })],
    [
      "of the lock",
      async () => {
        await pull();
        rmSync(join(dir, "tiny"), { recursive: true });
      },
    ],
  ])("%s is refused with both hashes, and nothing stays", async (_, prepare) => {
    await prepare();
    hub.files.set(weightsUrl, { body: other });
    await expect(pull()).rejects.toMatchObject({
      code: "MODEL_HASH_MISMATCH",
      message: expect.stringMatching(new RegExp(`${sha256(weights)}.*${sha256(other)}.*pull tiny`)),
    });
    for (const name of ["model.onnx", "model.onnx.part", "model.onnx.part.json"])
      expect(existsSync(file(name)), name).toBe(false);
  });

  it("a size that is not the manifest's is refused before the download", async () => {
    manifest({ bytes: 5 });
    await expect(pull()).rejects.toMatchObject({ code: "MODEL_HASH_MISMATCH" });
    expect(events).toEqual([]);
  });

  it("keeps the model from being loaded", async () => {
    await pull();
    writeFileSync(file("model.onnx"), other);
    await expect(onnxEmbedder({ modelsDir: dir, model: "tiny", threads: 1 })).rejects.toMatchObject({
      code: "MODEL_HASH_MISMATCH",
      message: expect.stringMatching(new RegExp(`${sha256(weights)}.*${sha256(other)}`)),
    });
  });
});

describe("an interrupted download", () => {
  it("is taken up where the connection broke", async () => {
    const breaking: HubFile = { body: weights, hangAfter: 40 };
    hub.files.set(weightsUrl, breaking);
    await pull({
      onEvent: () => {
        const { done } = lastProgress();
        if (done === 79) breaking.hangAfter = undefined;
        if (done === 40 || done === 79) hub.drop();
      },
    });
    expect(readFileSync(file("model.onnx"))).toEqual(weights);
    expect(hub.requests.filter((r) => r.includes("model.onnx"))).toEqual([
      `GET ${weightsUrl}`,
      `GET ${weightsUrl} bytes=39-`,
      `GET ${weightsUrl} bytes=78-`,
    ]);
  });

  it("goes on in the next run after it was stopped", async () => {
    const stop = new AbortController();
    hub.files.set(weightsUrl, { body: weights, hangAfter: 50 });
    const stopped = pull({
      signal: stop.signal,
      onEvent: () => lastProgress().done === 50 && stop.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
    expect(existsSync(file("model.onnx"))).toBe(false);
    expect(readFileSync(file("model.onnx.part"))).toEqual(weights.subarray(0, 50));
    hub.files.set(weightsUrl, { body: weights });
    await pull();
    expect(hub.requests).toContain(`GET ${weightsUrl} bytes=49-`);
    expect(readFileSync(file("model.onnx"))).toEqual(weights);
  });

  it("starts anew when the hub's file has changed meanwhile", async () => {
    const changed = Buffer.concat([weights, Buffer.from([0])]);
    mkdirSync(join(dir, "tiny"));
    writeFileSync(file("model.onnx.part"), weights.subarray(0, 50));
    writeFileSync(
      file("model.onnx.part.json"),
      JSON.stringify({ url: `${hub.url}${weightsUrl}`, etag: '"old"' }),
    );
    hub.files.set(weightsUrl, { body: changed });
    await pull();
    expect(readFileSync(file("model.onnx"))).toEqual(changed);
  });

  it("starts anew when the hub cannot say whether the file has changed", async () => {
    const breaking: HubFile = { body: weights, hangAfter: 40, etag: 'W/"weak"' };
    hub.files.set(weightsUrl, breaking);
    await pull({
      onEvent: () => {
        if (lastProgress().done !== 40) return;
        breaking.hangAfter = undefined;
        hub.drop();
      },
    });
    expect(hub.requests.filter((r) => r.includes("model.onnx"))).toEqual([
      `GET ${weightsUrl}`,
      `GET ${weightsUrl}`,
    ]);
    expect(readFileSync(file("model.onnx"))).toEqual(weights);
  });

  it("that was complete but not yet renamed needs one byte more", async () => {
    mkdirSync(join(dir, "tiny"));
    writeFileSync(file("model.onnx.part"), weights);
    writeFileSync(
      file("model.onnx.part.json"),
      JSON.stringify({ url: `${hub.url}${weightsUrl}`, etag: `"${sha256(weights)}"` }),
    );
    await pull();
    expect(hub.requests[0]).toBe(`GET ${weightsUrl} bytes=${weights.length - 1}-`);
    expect(readFileSync(file("model.onnx"))).toEqual(weights);
  });

  it("that brings no more bytes ends with what to do", async () => {
    hub.files.set(weightsUrl, { body: weights, hangAfter: 0 });
    await expect(pull({ onEvent: () => hub.drop() })).rejects.toMatchObject({
      code: "MODEL_MISSING",
      message: expect.stringMatching(/cannot be reached.*KETTLE_MODEL_HUB.*run the same command again/),
    });
  });

  it("on which nothing arrives any more ends, and says for how long it waited", async () => {
    hub.files.set(weightsUrl, { body: weights, hangAfter: 20 });
    await expect(pull({ idleTimeoutMs: 100 })).rejects.toMatchObject({
      code: "MODEL_MISSING",
      message: expect.stringContaining("gave nothing for 0.1 s"),
    });
  });
});

describe("a hub that does not have it", () => {
  it.each([
    ["404", { status: 404 }, /404.*manifest\.json/],
    ["403", { status: 403 }, /not open to everyone \(403\)/],
    ["503", { status: 503 }, /answered 503.*again/],
    ["a web page", { type: "text/html; charset=utf-8" }, /web page.*KETTLE_MODEL_HUB/],
  ])("%s: said in words", async (_, how, words) => {
    hub.files.set(weightsUrl, { body: weights, ...how });
    await expect(pull()).rejects.toMatchObject({
      code: "MODEL_MISSING",
      message: expect.stringMatching(words),
    });
    expect(existsSync(file("model.onnx"))).toBe(false);
  });

  it("no connection: said in words", async () => {
    await hub.close();
    await expect(pull()).rejects.toMatchObject({
      code: "MODEL_MISSING",
      message: expect.stringMatching(/cannot be reached \(ECONNREFUSED\).*mirror/),
    });
  });

  it("an unknown name lists the known ones", async () => {
    await expect(
      pullModel({
        modelsDir: dir,
        model: "huge",
        hub: hub.url,
        signal: new AbortController().signal,
        onEvent: () => undefined,
      }),
    ).rejects.toMatchObject({ code: "MODEL_MISSING", message: expect.stringMatching(/no model huge.*tiny/) });
  });
});

describe("list and verify", () => {
  it("list says what is here without reading it", async () => {
    const state = async () => (await listModels(dir)).map((model) => model.state);
    expect(await state()).toEqual(["not here"]);
    await pull();
    expect(await state()).toEqual(["here"]);
    rmSync(file("tokenizer.json"));
    expect(await state()).toEqual(["partly here"]);
  });

  it("verify tells good, damaged and missing files apart", async () => {
    await pull();
    expect((await verifyFiles(dir, "tiny")).every(({ ok }) => ok)).toBe(true);
    writeFileSync(file("model.onnx"), "damaged");
    rmSync(file("tokenizer.json"));
    expect(await verifyFiles(dir, "tiny")).toMatchObject([
      { ok: false, message: expect.stringContaining("expected sha256") },
      { ok: false, message: expect.stringContaining("is not here") },
    ]);
  });
});
