import { chunkers } from "../../lib/chunk/registry.ts";
import { testChunker } from "../contract/chunker.ts";

for (const [name, chunker] of Object.entries(chunkers)) testChunker(name, chunker);
