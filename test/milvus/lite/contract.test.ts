import { describe } from "vitest";
import { testVectorStore } from "../../contract/store.ts";
import { openMilvus } from "../setup.ts";

describe("milvus-lite", () => testVectorStore(openMilvus, { sparse: true, filterRuns: 60 }));
