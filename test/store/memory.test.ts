import { describe } from "vitest";
import { memoryData, memoryStore } from "../../lib/store/memory.ts";
import { testVectorStore } from "../contract/store.ts";

const data = memoryData();

describe("memory store", () => testVectorStore(async () => memoryStore(data), { sparse: true }));
