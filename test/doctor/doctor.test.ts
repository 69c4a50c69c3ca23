import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApiClient } from "../../cli/api-client.ts";
import { type ExamineOptions, examine } from "../../cli/doctor/examine.ts";
import type { Finding } from "../../cli/doctor/finding.ts";
import { chunkId, documentId } from "../../lib/ids.ts";
import type { EntryChange } from "../../lib/ledger/ledger.ts";
import { ensureCollections } from "../../lib/steps/collections.ts";
import { freePort } from "../../localstack/spawn-stack.ts";
import { runKettle } from "../cli/run-kettle.ts";
import { change } from "../ledger/entries.ts";
import { row } from "../store/rows.ts";
import { type Served, serveFunctions, token } from "./served.ts";

/** The doctor of real functions over real queues, buckets and a real store, which the cases break one by one. */

let served: Served;
let sqs: SQSClient;
beforeAll(async () => {
  served = await serveFunctions();
  sqs = new SQSClient({ endpoint: served.awsUrl, region: "us-east-1" });
});
afterAll(() => served.close());

const options = (over: Partial<ExamineOptions> = {}): ExamineOptions => ({
  tokenGiven: true,
  documents: 1_000,
  sample: 20,
  stuckMs: 30 * 60_000,
  patienceMs: 3,
  pollMs: 1,
  pause: async () => {},
  clock: Date.now,
  ...over,
});
const findingsOf = (over: Partial<ExamineOptions> = {}, given: string | null = token, url = served.url) =>
  examine(createApiClient({ url, token: given }), options(over));
const bad = (findings: readonly Finding[]) => findings.filter(({ status }) => status !== "ok");

const queueUrl = async (name: string) =>
  (await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl ?? "";
const send = async (name: string) =>
  sqs.send(new SendMessageCommand({ QueueUrl: await queueUrl(name), MessageBody: "{}" }));
const purge = async (name: string) => sqs.send(new PurgeQueueCommand({ QueueUrl: await queueUrl(name) }));

/** A document in the ledger, as the functions left it; with `rows` of its two chunks in the index. */
const document = async (key: string, over: Partial<EntryChange> = {}, rows = 0): Promise<void> => {
  const { kettle } = served;
  const ready = { state: "ready", served: 1, fingerprint: await kettle.fingerprint() } as const;
  const counts = { expected: 2, stored: 2, lowQuality: 0, dropped: 0 };
  await kettle.ledger.swap(key, await kettle.ledger.read(key), change({ ...ready, counts, ...over }));
  const store = await kettle.store();
  const embedding = await kettle.identity();
  const names = await ensureCollections(store, kettle.config.store.collection, embedding);
  const id = documentId(kettle.documents.name, key);
  const vector = new Float32Array(embedding.dimension).fill(1 / Math.sqrt(embedding.dimension));
  await store.upsert(
    names.main,
    Array.from({ length: rows }, (_, ordinal) =>
      row(chunkId(id, 1, ordinal), { documentId: id, ordinal, key, vector }),
    ),
  );
};
/** What the ledger keeps for ever, out of the doctor's sight. */
const forget = (key: string) => document(key, { state: "deleted", served: null });

const failed = (code: "CRASHED" | "CORRUPT_DOCUMENT"): Partial<EntryChange> => ({
  state: "failed",
  served: null,
  failure: { stage: "parse", code, message: "because", attempts: 1 },
});

describe("a system in order", () => {
  it("has nothing to complain of, before and after the first document", async () => {
    expect(bad(await findingsOf())).toEqual([]);
    await document("well.txt", {}, 2);
    const findings = await findingsOf();
    expect(bad(findings)).toEqual([]);
    const parts = findings.map(({ check }) => check);
    for (const part of [
      "server",
      "token",
      "store",
      "model",
      "queues",
      "dead-letter-queues",
      "buckets",
      "work",
      "documents",
      "index",
      "clusters",
    ])
      expect(parts).toContain(part);
  });

  it("ends with exit code 0, as words and as JSON", async () => {
    const env = { KETTLE_URL: served.url, KETTLE_TOKEN: token };
    const said = await runKettle(["doctor"], env);
    expect(said).toMatchObject({ code: 0, err: "" });
    expect(said.out).toContain("0 problems, 0 warnings");
    const { code, out } = await runKettle(["doctor", "--json"], env);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ url: served.url, problems: 0, warnings: 0 });
  });
});

describe("the way to the server", () => {
  it("nothing that answers is one problem, with exit code 1", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, out } = await runKettle(["doctor", "--json"], { KETTLE_URL: url });
    expect(code).toBe(1);
    const { findings } = JSON.parse(out) as { findings: readonly Finding[] };
    expect(findings).toMatchObject([{ check: "server", status: "problem" }]);
    expect(findings[0]?.message).toContain(`no answer from ${url}`);
    expect(findings[0]?.fix).toContain("KETTLE_URL");
  });

  it("another server at that address is told apart", async () => {
    const other = createServer((_, response) => response.end("<html>hello</html>")).listen(0, "127.0.0.1");
    await new Promise((listening) => other.once("listening", listening));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const findings = await findingsOf({}, token, url);
    await new Promise((closed) => other.close(closed));
    expect(findings).toMatchObject([{ check: "server", status: "problem" }]);
    expect(findings[0]?.message).toContain("not Kettle");
  });

  it.each([
    ["a wrong token", "wrong", true, "not the server's token"],
    ["no token", null, false, "none is given"],
  ])("%s is named, and nothing else is asked", async (_title, given, tokenGiven, words) => {
    const findings = await findingsOf({ tokenGiven }, given);
    expect(findings.map(({ check, status }) => [check, status])).toEqual([
      ["server", "ok"],
      ["token", "problem"],
    ]);
    expect(findings[1]?.message).toContain(words);
  });
});

describe("queues", () => {
  it("a message in a dead-letter queue is a problem, with the queue's name and the runbook's section", async () => {
    await send("kettle-embed-dlq");
    const findings = bad(await findingsOf());
    await purge("kettle-embed-dlq");
    expect(findings).toMatchObject([{ check: "dead-letter-queues", status: "problem" }]);
    expect(findings[0]?.message).toContain("kettle-embed-dlq");
    expect(findings[0]?.fix).toContain("runbook.md, dead-letter-queue");
  });

  it("work that nobody takes is a problem", async () => {
    await send("kettle-ingest");
    const findings = bad(await findingsOf());
    await purge("kettle-ingest");
    expect(findings).toMatchObject([{ check: "work", status: "problem" }]);
    expect(findings[0]?.message).toBe("1 message in kettle-ingest and nobody takes them");
  });

  it("work that somebody takes, however late, is none", async () => {
    await send("kettle-ingest");
    const QueueUrl = await queueUrl("kettle-ingest");
    const take = async () => {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      for (const { ReceiptHandle } of Messages)
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    };
    expect(bad(await findingsOf({ pause: take }))).toEqual([]);
  });
});

describe("documents", () => {
  it("a failure that passes is a problem, one of the document itself a warning", async () => {
    await document("crashed.txt", failed("CRASHED"));
    await document("corrupt.pdf", failed("CORRUPT_DOCUMENT"));
    const findings = bad(await findingsOf());
    await forget("crashed.txt");
    await forget("corrupt.pdf");
    expect(findings).toMatchObject([
      { status: "warning", message: expect.stringContaining("corrupt.pdf") },
      { status: "problem", message: expect.stringContaining("crashed.txt") },
    ]);
  });

  it("one without progress is stuck after a while, not before", async () => {
    await document("slow.txt", { state: "processing", served: null });
    expect(bad(await findingsOf())).toEqual([]);
    const later = Date.now() + 31 * 60_000;
    const findings = bad(await findingsOf({ clock: () => later }));
    await forget("slow.txt");
    expect(findings).toMatchObject([{ check: "documents", status: "problem" }]);
    expect(findings[0]?.message).toContain("slow.txt");
  });

  it("those read with older parameters are told of, with the way to renew them", async () => {
    await document("旧文档.txt", { fingerprint: "older" }, 2);
    const findings = bad(await findingsOf());
    await forget("旧文档.txt");
    expect(findings).toMatchObject([{ check: "outdated", status: "warning", fix: "npx kettle reindex" }]);
    expect(findings[0]?.message).toContain("旧文档.txt");
  });

  it("one whose chunks are not all in the index is a problem", async () => {
    await document("half.txt", {}, 1);
    const findings = bad(await findingsOf());
    await forget("half.txt");
    expect(findings).toMatchObject([{ check: "index", status: "problem" }]);
    expect(findings[0]?.message).toContain("half.txt (1 of 2 chunks)");
  });

  it("only as many are looked at as asked for, and that is said", async () => {
    await document("another.txt", {}, 2);
    const [said] = (await findingsOf({ documents: 1 })).filter(({ check }) => check === "documents");
    expect(said?.message).toBe("1 of 1 ready (there are more: --documents looks at more)");
  });
});
