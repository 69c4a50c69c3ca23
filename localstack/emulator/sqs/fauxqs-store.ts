import { accountId, type Queue, queueArn, queueNameOf } from "./queue.ts";
import type { QueueStore } from "./queue-store.ts";

const depthAttributes = (store: QueueStore, name: string): Record<string, string> => {
  const depth = store.depth(name);
  return {
    ApproximateNumberOfMessages: String(depth.visible),
    ApproximateNumberOfMessagesNotVisible: String(depth.inFlight),
    ApproximateNumberOfMessagesDelayed: String(depth.delayed),
  };
};

const seconds = (ms: number): string => String(Math.floor(ms / 1000));

/** A queue in the shape that fauxqs's actions expect of their `SqsQueue`. */
const adapt = (store: QueueStore, queue: Queue, region: string, endpoint: string) => ({
  name: queue.name,
  arn: queueArn(region, queue.name),
  url: `${endpoint}/${accountId}/${queue.name}`,
  attributes: queue.attributes,
  tags: new Map(Object.entries(queue.tags)),
  isFifo: () => false,
  getAllAttributes: (requested: readonly string[]): Record<string, string> => {
    const every: Record<string, string> = {
      QueueArn: queueArn(region, queue.name),
      CreatedTimestamp: seconds(queue.createdAt),
      LastModifiedTimestamp: seconds(queue.modifiedAt),
      SqsManagedSseEnabled: "true",
      ...queue.attributes,
      ...depthAttributes(store, queue.name),
    };
    if (requested.includes("All")) return every;
    return Object.fromEntries(Object.entries(every).filter(([name]) => requested.includes(name)));
  },
  setAttributes: (attributes: Record<string, string>) => void store.save(queue.name, attributes),
  purge: () => store.purge(queue.name),
  deleteMessage: (handle: string): boolean => store.remove(handle),
  changeVisibility: (handle: string, timeoutSeconds: number) =>
    store.changeVisibility(handle, timeoutSeconds * 1000),
  inflightMessages: { has: (handle: string): boolean => store.isInFlight(handle) },
  // fauxqs changes `tags` in place and then asks for the queue to be written.
  persistence: {
    insertQueue: (changed: { tags: ReadonlyMap<string, string> }) =>
      void store.save(queue.name, {}, Object.fromEntries(changed.tags)),
  },
});

type Page = { queues: ReturnType<typeof adapt>[]; nextToken?: string };

/**
 * What the actions of fauxqs 2.4.1 call on its `SqsStore`, answered by ours. The region in a name or ARN is ignored:
 * clients of any region see the same queues.
 */
export const fauxqsStore = (store: QueueStore, region: string, endpoint: () => string) => {
  const find = (name: string) => {
    const queue = store.queue(name);
    return queue && adapt(store, queue, region, endpoint());
  };
  return {
    region,
    getQueue: (url: string) => find(queueNameOf(url)),
    getQueueByArn: (arn: string) => find(queueNameOf(arn)),
    getQueueByName: find,
    buildQueueUrl: (name: string): string => `${endpoint()}/${accountId}/${name}`,
    createQueue: (
      name: string,
      _url: string,
      _arn: string,
      attributes: Record<string, string>,
      tags: Record<string, string>,
    ) => adapt(store, store.save(name, attributes, tags), region, endpoint()),
    deleteQueue: (url: string): boolean => store.drop(queueNameOf(url)),
    listQueues: (prefix = "", maxResults = 1000, nextToken = ""): Page => {
      const matching = store.list().filter(({ name }) => name.startsWith(prefix) && name > nextToken);
      const queues = matching.slice(0, maxResults).map((queue) => adapt(store, queue, region, endpoint()));
      const last = queues.at(-1)?.name;
      return matching.length > queues.length && last !== undefined ? { queues, nextToken: last } : { queues };
    },
    shutdown: () => store.shutdown(),
  };
};
