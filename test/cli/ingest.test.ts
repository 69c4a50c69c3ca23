import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiClient, ApiError, type DocumentView } from "../../cli/api-client.ts";
import { ingestFiles } from "../../cli/ingest.ts";
import { listFiles, md5Of, type UploadTarget } from "../../cli/upload.ts";

let folder: string;
let lines: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kettle-ingest-"));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), text);
};

const view = (key: string, change: Partial<DocumentView> = {}): DocumentView => ({
  id: key,
  key,
  state: "ready",
  revision: "r1",
  outdated: false,
  counts: { expected: 2, stored: 2, lowQuality: 0, dropped: 0 },
  updatedAt: 1,
  ...change,
});

/** A server whose documents go through the given views, one each time they are asked for; the last one stays. */
const server = (views: Readonly<Record<string, readonly (DocumentView | null | Error)[]>>) => {
  const asked = new Map<string, number>();
  return {
    url: "http://server",
    document: async (id: string) => {
      const list = views[id] ?? [null];
      const index = Math.min(asked.get(id) ?? 0, list.length - 1);
      asked.set(id, index + 1);
      const now = list[index] ?? null;
      if (now instanceof Error) throw now;
      return now;
    },
  } as unknown as ApiClient;
};

/** A bucket that holds objects with these ETags. */
const bucket = (etags: Readonly<Record<string, string>> = {}) => {
  const puts: string[] = [];
  const target: UploadTarget = {
    prepare: async ({ key }) => ({
      documentId: key,
      currentEtag: async () => etags[key] ?? null,
      put: async () => {
        if (key === "refused.txt") throw new Error("the bucket refused it: 403");
        puts.push(key);
      },
    }),
  };
  return { puts, target };
};

const ingest = async (
  api: ApiClient,
  target: UploadTarget,
  options: { signal?: AbortSignal; stallMs?: number } = {},
) =>
  ingestFiles({
    files: await listFiles(folder),
    api,
    target,
    progress: { line: (text) => lines.push(text), status: () => undefined, end: () => undefined },
    signal: options.signal ?? new AbortController().signal,
    ...(options.stallMs !== undefined && { stallMs: options.stallMs }),
  });

describe("ingesting files", () => {
  it("tells of each document once it is ready or has failed, and gives the outcomes in order", async () => {
    write("a.txt", "a");
    write("tea/b.md", "b");
    const failure = { stage: "parse", code: "EMPTY_DOCUMENT", message: "no text", attempts: 1 } as const;
    const { target, puts } = bucket();
    const outcomes = await ingest(
      server({
        "a.txt": [null, view("a.txt", { state: "processing" }), view("a.txt", { state: "failed", failure })],
        "tea/b.md": [null, view("tea/b.md")],
      }),
      target,
    );
    expect(puts.sort()).toEqual(["a.txt", "tea/b.md"]);
    expect(lines).toEqual([
      "ready   1/2  tea/b.md (2 chunks)",
      "failed  2/2  a.txt  EMPTY_DOCUMENT: no text",
    ]);
    expect(outcomes.map(({ key, outcome }) => [key, outcome])).toEqual([
      ["a.txt", "failed"],
      ["tea/b.md", "ready"],
    ]);
  });

  it("the outcome of an earlier upload of the same key does not count", async () => {
    write("a.txt", "new");
    const { target } = bucket({ "a.txt": "another" });
    const old = view("a.txt", { revision: "r0", updatedAt: 5 });
    const renewed = view("a.txt", { revision: "r1", updatedAt: 9, counts: { ...old.counts, stored: 7 } });
    const [outcome] = await ingest(server({ "a.txt": [old, old, old, renewed] }), target);
    expect(outcome?.chunks).toBe(7);
  });

  it("what was deleted before counts as new, whatever its revision", async () => {
    write("a.txt", "same");
    const deleted = view("a.txt", { state: "deleted" });
    const { target, puts } = bucket();
    const [outcome] = await ingest(server({ "a.txt": [deleted, deleted, view("a.txt")] }), target);
    expect(puts).toEqual(["a.txt"]);
    expect(outcome?.outcome).toBe("ready");
  });

  it("bytes that are there already are not sent again", async () => {
    write("a.txt", "same");
    const { target, puts } = bucket({ "a.txt": await md5Of(join(folder, "a.txt")) });
    const [outcome] = await ingest(server({ "a.txt": [view("a.txt")] }), target);
    expect(puts).toEqual([]);
    expect(outcome?.outcome).toBe("ready");
  });

  it("a refused upload is that file's failure alone", async () => {
    write("refused.txt", "x");
    write("a.txt", "a");
    const outcomes = await ingest(server({ "a.txt": [null, view("a.txt")] }), bucket().target);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["ready", "failed"]);
    expect(outcomes[1]?.reason).toContain("403");
  });

  it("a server that fails for a moment is asked again; one that refuses is believed", async () => {
    write("a.txt", "a");
    const down = new ApiError(503, "STORE_UNAVAILABLE", "down", null);
    const [outcome] = await ingest(server({ "a.txt": [null, down, view("a.txt")] }), bucket().target);
    expect(outcome?.outcome).toBe("ready");
    const refusal = new ApiError(401, "UNAUTHORIZED", "no bearer token", null);
    await expect(ingest(server({ "a.txt": [null, refusal] }), bucket().target)).rejects.toThrow(
      "UNAUTHORIZED",
    );
  });

  it("gives up when nothing happens any more", async () => {
    write("a.txt", "a");
    const stuck = view("a.txt", { state: "processing" });
    const [outcome] = await ingest(server({ "a.txt": [stuck] }), bucket().target, { stallMs: 50 });
    expect(outcome?.outcome).toBe("unfinished");
    expect(lines).toHaveLength(1);
  });

  it("ends at once when it is interrupted", async () => {
    write("a.txt", "a");
    const stopping = new AbortController();
    const running = ingest(server({}), bucket().target, { signal: stopping.signal });
    stopping.abort();
    await expect(running).rejects.toThrow("aborted");
  });
});

describe("the files of a folder", () => {
  it("have keys relative to it, in order; hidden ones are left out, links to files are followed", async () => {
    write("b/c.pdf", "%PDF");
    write("a.xyz", "?");
    write(".hidden/x.txt", "x");
    write("b/.DS_Store", "x");
    symlinkSync(join(folder, "a.xyz"), join(folder, "b/link.md"));
    const files = await listFiles(folder, "p/");
    expect(files.map(({ key, size, contentType }) => [key, size, contentType])).toEqual([
      ["p/a.xyz", 1, "application/octet-stream"],
      ["p/b/c.pdf", 4, "application/pdf"],
      ["p/b/link.md", 1, "text/markdown"],
    ]);
  });

  it("a file alone has its name as its key; nothing at all is an error that names it", async () => {
    write("b/c.pdf", "%PDF");
    expect((await listFiles(join(folder, "b/c.pdf"))).map(({ key }) => key)).toEqual(["c.pdf"]);
    await expect(listFiles(join(folder, "none"))).rejects.toThrow(join(folder, "none"));
  });
});
