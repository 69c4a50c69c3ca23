import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe } from "vitest";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { testVectorStore } from "../contract/store.ts";

const folder = mkdtempSync(join(tmpdir(), "kettle-store-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("embedded store", () =>
  testVectorStore(async () => embeddedStore({ path: join(folder, "deeper", "store.sqlite") }), {
    sparse: true,
  }));
