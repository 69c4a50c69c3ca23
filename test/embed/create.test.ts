import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.ts";
import { createEmbedder, createTokenizer, readIdentity } from "../../lib/embed/create.ts";
import { writeTinyModel } from "./tiny-model.ts";

describe("the embedder of the parameters", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "kettle-create-"));
    writeTinyModel(dir);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const environment = (embedding: string) => ({
    config: parseConfig(`embedding: ${embedding}`, "local"),
    modelsDir: dir,
    vcpus: 2,
  });

  it.each(["{ model: tiny }", "{ model: tiny, threads: 1, batchSize: 1 }"])(
    "%s: embeds, counts and is identified alike",
    async (embedding) => {
      const embedder = await createEmbedder(environment(embedding));
      const texts = ["red", "green kite", "kite", "red red red"];
      expect(await embedder.embed(texts, "passage")).toHaveLength(12);
      await embedder.close();
      expect(await readIdentity(environment(embedding))).toEqual({
        model: "tiny",
        identity: embedder.identity,
        dimension: 3,
      });
      expect((await createTokenizer(environment(embedding))).count("green kite")).toBe(2);
    },
  );

  it("a model that the manifest does not list is refused", async () => {
    await expect(createEmbedder(environment("{ model: large }"))).rejects.toMatchObject({
      code: "MODEL_MISSING",
    });
  });
});
