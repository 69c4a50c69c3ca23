import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.ts";
import { capabilitiesOf } from "../../lib/store/milvus/capabilities.ts";
import { choicesOf } from "../../lib/store/milvus/choices.ts";

const problems = (yaml: string, version: string): readonly string[] =>
  choicesOf(parseConfig(yaml, "local"), capabilitiesOf(version)).flatMap(({ path, problem }) =>
    problem === null ? [] : [`${path}: ${problem}`],
  );
const milvus = (store: string, search = "{}") =>
  `store: { driver: milvus, address: "m:19530", ${store} }\nsearch: ${search}`;

describe("what a server can do of what kettle.yml asks for", () => {
  it.each(["milvus_lite-3.2.2", "2.3.5-lite", "v2.6.19"])("the defaults are fine on %s", (version) => {
    expect(problems(milvus(""), version)).toEqual([]);
  });

  it.each([
    ["index: { type: HNSW_SQ }", "{}", "2.3.5-lite", "store.index.type: Milvus 2.3.5 has no index HNSW_SQ"],
    ["device: gpu, index: { type: GPU_CAGRA }", "{}", "2.3.5-lite", "has no index GPU_CAGRA"],
    ["replicas: 2", "{}", "milvus_lite-3.2.2", "set store.replicas to 1"],
    ["tls: true", "{}", "milvus_lite-3.2.2", "has no TLS"],
    ["tokenSecret: a", "{}", "milvus_lite-3.2.2", "has no logins"],
    ["", "{ mode: hybrid }", "2.3.5-lite", "search.mode: hybrid search needs BM25"],
  ])("{%s} with search %s on %s is named", (store, search, version, words) => {
    const found = problems(milvus(store, search), version);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(words);
  });

  it("and all of it at once on the server of production", () => {
    expect(
      problems(
        milvus(
          "device: gpu, index: { type: GPU_CAGRA }, replicas: 2, tls: true, tokenSecret: a",
          "{ mode: hybrid }",
        ),
        "v2.6.19",
      ),
    ).toEqual([]);
  });
});
