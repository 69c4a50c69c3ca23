import { describe } from "vitest";
import { testBehaviour } from "../behaviour.ts";

describe("Milvus 2.3.5", () => testBehaviour({ words: false }));
