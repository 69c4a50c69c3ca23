import { describe } from "vitest";
import { testVectorStore } from "../../contract/store.ts";
import { openMilvus } from "../setup.ts";

// A collection takes this server two seconds to load, so the suite runs in three files at once.
describe("Milvus 2.3.5", () =>
  testVectorStore(openMilvus, { sparse: false, filterRuns: 40, sections: ["filters", "scan"] }));
