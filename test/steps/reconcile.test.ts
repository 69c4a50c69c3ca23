import { describe, expect, it } from "vitest";
import { AppError } from "../../lib/errors.ts";
import type { WakeReason } from "../../lib/steps/reconcile-pass.ts";
import { collectionNames } from "../../lib/store/store.ts";
import { first, harness, id, key, last, look } from "./harness.ts";

const never = new AbortController().signal;
const stuckMs = 31 * 60_000;
type Harness = ReturnType<typeof harness>;

const parsed = async (h: Harness, body = "one"): Promise<void> => {
  h.documents.upload(key, body);
  await h.steps.parse()(look, first);
};
const failed = async (h: Harness, error: Error): Promise<void> => {
  h.documents.upload(key, "one");
  await h.steps
    .parse({ readChunks: () => Promise.reject(error) })(look, last)
    .catch(() => {});
};

describe("reconcile wakes", () => {
  it.each<[WakeReason, string, (h: Harness) => Promise<void>]>([
    ["missing", "an object whose event was lost", async (h) => h.documents.upload(key, "one")],
    [
      "reappeared",
      "an object that was created again, its event lost",
      async (h) => {
        await h.ingest("one");
        await h.documents.delete([key]);
        await h.steps.parse()(look, first);
        h.documents.upload(key, "one");
      },
    ],
    [
      "changed",
      "an object that was overwritten, its event lost",
      async (h) => {
        await h.ingest("one");
        h.documents.upload(key, "two");
      },
    ],
    [
      "changed",
      "an object whose metadata changed, its event lost",
      async (h) => {
        await h.ingest("one");
        h.documents.upload(key, "one", { metadata: { a: "b" } });
      },
    ],
    [
      "changed",
      "an object whose tags changed, its event lost",
      async (h) => {
        await h.ingest("one");
        h.documents.retag(key, { team: "red" });
      },
    ],
    [
      "gone",
      "an entry whose object was deleted, its event lost",
      async (h) => {
        await h.ingest("one");
        await h.documents.delete([key]);
      },
    ],
    [
      "stuck",
      "a document whose messages were lost",
      async (h) => {
        await parsed(h);
        h.time.now += stuckMs;
      },
    ],
    [
      "stuck",
      "a document that was woken, and whose message was lost",
      async (h) => {
        await h.ingest("one");
        await h.steps.retry()(id);
        h.queues.ingest.sent.length = 0;
        h.time.now += stuckMs;
      },
    ],
    ["failed", "a document that failed in passing", (h) => failed(h, new Error("hiccup"))],
    [
      "incomplete",
      "a document whose rows are gone",
      async (h) => {
        await h.ingest("one\ntwo");
        const [row] = (await h.store.scan(h.names.main, { limit: 1 })).rows;
        await h.store.delete(h.names.main, { field: "id", op: "eq", value: row?.id ?? "" });
      },
    ],
  ])("%s: %s", async (reason, _, damage) => {
    const h = harness();
    await damage(h);
    h.queues.embed.sent.length = 0;
    const before = await h.ledger.read(key);
    const report = await h.steps.reconcile()(never);
    expect(report).toMatchObject({ finished: true, examples: [{ key, reason }] });
    expect(report.woken[reason]).toBe(1);
    expect(await h.entry()).toMatchObject({ state: "pending", served: before?.served ?? null });
    expect((await h.entry()).run).toBeGreaterThan(before?.run ?? 0);
    expect(h.queues.ingest.sent).toEqual([look]);
    await h.drain();
    const there = await h.documents.head(key);
    expect((await h.entry()).state).toBe(there === null ? "deleted" : "ready");
    const again = await h.steps.reconcile()(never);
    expect(again.examples).toEqual([]);
  });
});

describe("reconcile leaves alone", () => {
  it.each<[string, (h: Harness) => Promise<void>]>([
    ["what is ready and whole", (h) => h.ingest("one\npoor")],
    [
      "a tombstone",
      async (h) => {
        await h.ingest("one");
        await h.documents.delete([key]);
        await h.steps.parse()(look, first);
      },
    ],
    ["a document in progress", (h) => parsed(h)],
    [
      "a document whose last receipt is recent",
      async (h) => {
        await parsed(h);
        h.time.now += stuckMs;
        await h.receipts.put(id, (await h.entry()).run, 5, { stored: 1, low: 0, dropped: 0 });
      },
    ],
    [
      "a permanent failure of the same revision",
      async (h) => {
        await failed(h, new AppError("CORRUPT_DOCUMENT", "no"));
        h.time.now += 10 * stuckMs;
      },
    ],
    [
      "the same bytes put again",
      async (h) => {
        await h.ingest("one");
        h.time.now += stuckMs;
        h.documents.upload(key, "one");
      },
    ],
    [
      "a document that has failed often enough",
      async (h) => {
        await failed(h, new Error("hiccup"));
        for (let attempt = 0; attempt < 2; attempt++) {
          await h.steps.retry()(id);
          await failed(h, new Error("hiccup"));
        }
      },
    ],
  ])("%s", async (_, prepare) => {
    const h = harness();
    await prepare(h);
    const before = await h.entry();
    h.queues.ingest.sent.length = 0;
    expect((await h.steps.reconcile()(never)).examples).toEqual([]);
    expect(await h.entry()).toEqual(before);
    expect(h.queues.ingest.sent).toEqual([]);
  });
});

describe("reconcile and the index", () => {
  it("collects garbage that a death left", async () => {
    const h = harness();
    await h.ingest("one");
    const [row] = (await h.store.scan(h.names.main, { limit: 1 })).rows;
    await h.store.upsert(h.names.main, [{ ...row!, id: "ghost", run: 1 }]);
    expect(await h.steps.reconcile()(never)).toMatchObject({
      collectedRows: 1,
      unknownRows: 0,
      examples: [],
    });
    expect(await h.texts()).toEqual(["one"]);
  });

  it("reports rows of unknown documents and leaves them", async () => {
    const h = harness();
    await h.ingest("one");
    const [row] = (await h.store.scan(h.names.main, { limit: 1 })).rows;
    const stranger = "f".repeat(32);
    await h.store.upsert(h.names.main, [{ ...row!, id: "stranger", documentId: stranger }]);
    expect(await h.steps.reconcile()(never)).toMatchObject({ unknownRows: 1, unknownDocuments: [stranger] });
    expect(await h.store.count(h.names.main)).toBe(2);
  });

  it("reports documents of another fingerprint and does not wake them", async () => {
    const h = harness();
    await h.ingest("one");
    expect(await h.steps.reconcile({ fingerprint: "f2" })(never)).toMatchObject({
      outdated: 1,
      examples: [],
    });
  });
});

describe("reconcile and a change of model", () => {
  const next = { identity: "ffffffffffffffff", model: "next", dimension: 2 };
  const nextNames = collectionNames("kettle", next.identity);

  it("keeps the alias until every served document is in the new collection, then drops the old one", async () => {
    const h = harness();
    await h.ingest("one");
    const reconcile = h.steps.reconcile({ embedding: next, fingerprint: "f2" });
    expect(await reconcile(never)).toMatchObject({ outdated: 1, waiting: 1, alias: "waiting", dropped: [] });
    expect((await h.store.resolve("kettle"))?.name).toBe(h.names.main);

    await h.steps.parse({ fingerprint: "f2", embedding: next })(look, first);
    await h.steps.embed(next.identity)(h.queues.embed.sent.shift()!, first);
    await h.drain();
    expect((await h.entry()).state).toBe("ready");
    expect(await h.texts()).toEqual(["one"]);

    expect(await reconcile(never)).toMatchObject({ outdated: 0, waiting: 0, alias: "swapped" });
    expect((await h.store.resolve("kettle"))?.name).toBe(nextNames.main);
    expect((await h.store.resolve("kettle_low"))?.name).toBe(nextNames.low);
    expect((await h.store.collections()).map(({ name }) => name)).toEqual([nextNames.main, nextNames.low]);
    expect(await h.texts("kettle")).toEqual(["one"]);
    expect(await reconcile(never)).toMatchObject({ alias: "current", dropped: [] });
  });
});

describe("a reconcile pass", () => {
  const many = (h: Harness) => {
    for (let i = 0; i < 7; i++) h.documents.upload(`many/${i}`, "one");
  };

  it("is put down when its time is over and taken up by the next call", async () => {
    const h = harness();
    many(h);
    const over = AbortSignal.abort();
    let calls = 0;
    const step = h.steps.reconcile({ pageSize: 2 });
    for (let finished = false; !finished; calls++) {
      // Time for one page: the signal fires as soon as the first page's cursor is kept.
      const once = new AbortController();
      const h2 = h.steps.reconcile({
        pageSize: 2,
        state: {
          ...h.state,
          put: (...put) => {
            once.abort();
            return h.state.put(...put);
          },
        },
      });
      finished = (await h2(once.signal)).finished;
      expect(calls).toBeLessThan(20);
    }
    expect(calls).toBeGreaterThan(5);
    expect(h.queues.ingest.sent.map(({ key: name }) => name).sort()).toEqual(
      Array.from({ length: 7 }, (_, i) => `many/${i}`),
    );
    expect((await step(over)).finished).toBe(false);
    expect((await step(never)).finished).toBe(true);
  });

  it("begins anew when what was kept of it is unreadable or a day old", async () => {
    const h = harness();
    many(h);
    for (const kept of ["{", '{"version":7}']) {
      await h.state.put("reconcile/cursor.json", kept);
      expect(await h.steps.reconcile()(never)).toMatchObject({ finished: true, objects: 7 });
    }
    await h.steps.reconcile({ pageSize: 2 })(AbortSignal.abort());
    h.time.now += 25 * 3_600_000;
    expect(await h.steps.reconcile()(never)).toMatchObject({ objects: 7, startedAt: h.time.now });
  });
});
