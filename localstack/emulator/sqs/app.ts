import { type BuildAppOptions, buildApp } from "fauxqs";
import { type ActionContext, ownAction } from "./actions.ts";
import { SqsFault } from "./fault.ts";
import { fauxqsStore } from "./fauxqs-store.ts";
import type { MoveTasks } from "./move-tasks.ts";
import type { QueueStore } from "./queue-store.ts";

type Reply = { readonly messages: readonly string[]; readonly payload: object; readonly fault?: SqsFault };

const act = async (name: string, body: unknown, context: ActionContext): Promise<Reply | undefined> => {
  const action = ownAction(name, body);
  if (!action) return undefined;
  try {
    const payload = await action(body, context);
    const messages = "Messages" in payload ? (payload.Messages as { ReceiptHandle: string }[]) : [];
    return { messages: messages.map(({ ReceiptHandle }) => ReceiptHandle), payload };
  } catch (error) {
    if (!(error instanceof SqsFault)) throw error;
    const payload = { __type: `com.amazonaws.sqs#${error.code}`, message: error.message };
    return { messages: [], payload, fault: error };
  }
};

/**
 * The SQS half: fauxqs's Fastify app over our durable store, with a hook that answers the actions where its own will not do.
 *
 * Found wanting in the SQS of fauxqs 2.4.1: characters beyond U+FFFF are refused (emoji, rare Chinese); a long poll
 * whose caller hung up still takes messages; one message wakes every poll, and the others return empty; a move to the
 * DLQ deletes in one transaction and writes in another; with persistence, visibility 0 breaks a NOT NULL rule.
 */
export const sqsApp = (options: {
  readonly queues: QueueStore;
  readonly moveTasks: MoveTasks;
  readonly region: string;
  readonly url: () => string;
  readonly log: (line: string) => void;
}) => {
  const { queues, moveTasks, region } = options;
  const stores = { sqsStore: fauxqsStore(queues, region, options.url) } as unknown as NonNullable<
    BuildAppOptions["stores"]
  >;
  const app = buildApp({ logger: false, defaultRegion: region, stores });
  app.addHook("preHandler", async (request, reply) => {
    const name = String(request.headers["x-amz-target"] ?? "").replace("AmazonSQS.", "");
    const caller = new AbortController();
    reply.raw.once("close", () => {
      if (!reply.raw.writableFinished) caller.abort();
    });
    const answer = await act(name, request.body, { queues, moveTasks, region, signal: caller.signal });
    if (!answer) return;
    if (answer.messages.length > 0) {
      const { QueueUrl } = request.body as { QueueUrl: string };
      const giveBack = (): void => {
        if (!reply.raw.writableFinished) queues.giveBack(QueueUrl.split("/").at(-1) ?? "", answer.messages);
      };
      if (reply.raw.closed) giveBack();
      else reply.raw.once("close", giveBack);
    }
    if (answer.fault) void reply.status(400).header("x-amzn-query-error", `${answer.fault.queryCode};Sender`);
    return reply.header("content-type", "application/x-amz-json-1.0").send(JSON.stringify(answer.payload));
  });
  app.addHook("onError", async (request, _, error) => {
    options.log(`SQS ${request.headers["x-amz-target"]}: ${error.message}`);
  });
  return app;
};
