import { describe } from "vitest";
import { testBehaviour, testPartitions } from "../behaviour.ts";

describe("milvus-lite", () => {
  testBehaviour({ words: true });
  testPartitions();
});
