import type { Context, SQSEvent, SQSRecord } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "../../lib/errors.ts";
import { parseIngest } from "../../lib/lambda/ingest-event.ts";
import { delaySeconds } from "../../lib/lambda/redelivery.ts";
import { jsonMessage, type SqsHandlerOptions, sqsHandler } from "../../lib/lambda/sqs.ts";
import type { LookMessage } from "../../lib/messages.ts";
import type { Delivery } from "../../lib/steps/delivery.ts";

type Message = { readonly bucket: string; readonly key: string };
type Line = { readonly level: string; readonly text: string; readonly fields: Record<string, unknown> };

const record = (messageId: string, body: unknown, receives = 1): SQSRecord =>
  ({
    messageId,
    receiptHandle: `handle-${messageId}`,
    body: typeof body === "string" ? body : JSON.stringify(body),
    attributes: { ApproximateReceiveCount: String(receives) },
  }) as SQSRecord;

const context = (remainingMs = 60_000): Context =>
  ({ awsRequestId: "request-1", getRemainingTimeInMillis: () => remainingMs }) as Context;

/** A handler whose step is `step`, what it logged, and which messages it delayed for how long. */
const setUp = (
  step: (message: Message, delivery: Delivery) => Promise<void>,
  over: Partial<SqsHandlerOptions<Message>> = {},
) => {
  const lines: Line[] = [];
  const delays: [string, number][] = [];
  const level =
    (name: string) =>
    (text: unknown, ...[fields]: unknown[]) => {
      lines.push({ level: name, text: String(text), fields: fields as Record<string, unknown> });
    };
  const handler = sqsHandler<Message>({
    queue: "kettle-test",
    log: { debug: level("debug"), info: level("info"), warn: level("warn"), error: level("error") },
    messages: jsonMessage(z.object({ bucket: z.string(), key: z.string() })),
    step,
    maxReceives: 10,
    redelivery: {
      delay: async (handle, seconds) => {
        delays.push([handle, seconds]);
      },
    },
    random: () => 0.5,
    ...over,
  });
  const invoke = async (records: SQSRecord[], ctx = context()) => {
    const answer = await handler({ Records: records } as SQSEvent, ctx);
    return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };
  return { invoke, lines, delays };
};

const message = (key: string): Message => ({ bucket: "b", key });

describe("sqsHandler", () => {
  it("returns only the records that failed", async () => {
    const { invoke } = setUp(async ({ key }) => {
      if (key === "bad") throw new AppError("STORE_UNAVAILABLE", "down");
    });
    const failed = await invoke([
      record("1", message("good")),
      record("2", message("bad")),
      record("3", message("good")),
    ]);
    expect(failed).toEqual(["2"]);
  });

  it("a malformed message is returned with a clear log, its neighbours still run", async () => {
    const seen: string[] = [];
    const { invoke, lines } = setUp(async ({ key }) => {
      seen.push(key);
    });
    expect(await invoke([record("1", "{"), record("2", { bucket: "b" }), record("3", message("k"))])).toEqual(
      ["1", "2"],
    );
    expect(seen).toEqual(["k"]);
    expect(lines.map(({ level, text }) => [level, text]).sort()).toEqual([
      ["error", "malformed message in kettle-test: it will go to the dead-letter queue"],
      ["error", "malformed message in kettle-test: it will go to the dead-letter queue"],
      ["info", "handled"],
    ]);
    expect(lines[0]?.fields).toMatchObject({ messageId: "1", requestId: "request-1", body: "{" });
  });

  it("says in the log which document was handled", async () => {
    const { invoke, lines } = setUp(async () => {});
    await invoke([record("1", message("dir/k.txt"))]);
    expect(lines).toEqual([
      {
        level: "info",
        text: "handled",
        fields: expect.objectContaining({ key: "dir/k.txt", requestId: "request-1", ms: expect.any(Number) }),
      },
    ]);
  });

  it("says in the log which document failed, and why", async () => {
    const { invoke, lines } = setUp(async () => {
      throw new AppError("STORE_UNAVAILABLE", "milvus is down");
    });
    await invoke([record("1", message("dir/k.txt"))]);
    expect(lines).toEqual([
      {
        level: "warn",
        text: "failed, the message comes back: milvus is down",
        fields: expect.objectContaining({
          queue: "kettle-test",
          key: "dir/k.txt",
          documentId: expect.stringMatching(/^[0-9a-f]{32}$/),
          requestId: "request-1",
          code: "STORE_UNAVAILABLE",
          receiveCount: 1,
        }),
      },
    ]);
  });

  it("tells the step of its last delivery", async () => {
    const last: boolean[] = [];
    const { invoke } = setUp(async (_, { lastReceive }) => {
      last.push(lastReceive);
    });
    await invoke([
      record("1", message("k"), 9),
      record("2", message("k"), 10),
      record("3", message("k"), 11),
    ]);
    expect(last).toEqual([false, true, true]);
  });

  it("delays what failed, longer each time, and acknowledges though the delay cannot be set", async () => {
    const { invoke, delays } = setUp(async () => {
      throw new Error("bug");
    });
    await invoke([record("1", message("k"), 1), record("2", message("k"), 4)]);
    expect(delays).toEqual([
      ["handle-1", delaySeconds(1, 0.5)],
      ["handle-2", delaySeconds(4, 0.5)],
    ]);
    const broken = setUp(async () => {}, {
      redelivery: { delay: () => Promise.reject(new Error("no permission")) },
    });
    expect(await broken.invoke([record("1", "{"), record("2", message("k"))])).toEqual(["1"]);
    expect(broken.lines.map(({ text }) => text)).toContainEqual(expect.stringContaining("no permission"));
  });

  it("looks at every record of a notification; one that fails returns the message", async () => {
    const seen: string[] = [];
    const { invoke } = setUp(
      async ({ key }) => {
        seen.push(key);
        if (key === "a") throw new AppError("AWS_UNAVAILABLE", "down");
      },
      { messages: parseIngest as (body: string) => readonly LookMessage[] },
    );
    const s3 = (key: string) => ({
      eventName: "ObjectCreated:Put",
      s3: { bucket: { name: "b" }, object: { key } },
    });
    expect(await invoke([record("1", { Records: [s3("a"), s3("b")] })])).toEqual(["1"]);
    expect(seen).toEqual(["a", "b"]);
    expect(await invoke([record("2", { Event: "s3:TestEvent" })])).toEqual([]);
  });

  it("fires the signal before the deadline, and answers although a step does not listen", async () => {
    const aborted: boolean[] = [];
    const { invoke } = setUp((_, { signal }) => {
      signal.addEventListener("abort", () => aborted.push(true));
      return new Promise(() => {});
    });
    const begun = performance.now();
    expect(await invoke([record("1", message("slow"))], context(300))).toEqual(["1"]);
    expect(performance.now() - begun).toBeLessThan(300);
    expect(aborted).toEqual([true]);
  });

  it("a step that ends in time is acknowledged although its neighbour is stuck", async () => {
    const { invoke } = setUp(({ key }) => (key === "stuck" ? new Promise(() => {}) : Promise.resolve()));
    expect(
      await invoke([record("1", message("stuck")), record("2", message("quick"))], context(250)),
    ).toEqual(["1"]);
  });
});

describe("delaySeconds", () => {
  it("doubles, stays within 15 minutes, and spreads over the upper half", () => {
    expect([1, 2, 3, 8, 9, 10, 1000].map((count) => delaySeconds(count, 0))).toEqual([
      3, 5, 10, 320, 450, 450, 450,
    ]);
    expect(delaySeconds(1000, 0.999)).toBeLessThanOrEqual(900);
    expect(delaySeconds(4, 0.999)).toBe(40);
  });
});
