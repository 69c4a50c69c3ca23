import { S3Client } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { documentId } from "../../lib/ids.ts";

export const bucket = "kettle-documents";

/** Clients as a user of the bucket would build them: any credentials, only the endpoint is ours. */
export const s3At = (endpoint: string): S3Client =>
  new S3Client({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "any", secretAccessKey: "thing" },
  });
export const sqsAt = (endpoint: string): SQSClient =>
  new SQSClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "any", secretAccessKey: "thing" },
  });

export type DocumentAnswer = {
  readonly id: string;
  readonly key: string;
  readonly state: string;
  readonly revision: string | null;
  readonly counts: { readonly expected: number; readonly stored: number; readonly lowQuality: number };
  readonly failure?: { readonly stage: string; readonly code: string; readonly message: string };
};

export type SearchAnswer = {
  readonly hits: readonly {
    readonly id: string;
    readonly rank: number;
    readonly key: string;
    readonly text: string;
    readonly clusterId: number;
    readonly clusterDistance: number;
    readonly documentId: string;
    readonly page: number | null;
    readonly heading: string;
  }[];
  readonly clusters: readonly { readonly id: number; readonly hitIds: readonly string[] }[];
  readonly clusterVersion: number;
  readonly tokens: number;
};

export const apiAt = (url: string, documentBucket = bucket) => {
  const json = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${url}${path}`, init);
    return { status: response.status, body: (await response.json()) as unknown };
  };
  return {
    json,
    document: async (key: string): Promise<DocumentAnswer | null> => {
      const { status, body } = await json(`/documents/${documentId(documentBucket, key)}`);
      return status === 200 ? (body as DocumentAnswer) : null;
    },
    documents: async (): Promise<DocumentAnswer[]> => {
      const found: DocumentAnswer[] = [];
      let cursor: string | undefined;
      do {
        const { body } = await json(
          `/documents?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`,
        );
        const page = body as { documents: DocumentAnswer[]; cursor?: string };
        found.push(...page.documents);
        cursor = page.cursor;
      } while (cursor);
      return found;
    },
    chunks: async (id: string): Promise<{ id: string; text: string; ordinal: number }[]> => {
      const found: { id: string; text: string; ordinal: number }[] = [];
      let cursor: string | undefined;
      do {
        const { body } = await json(
          `/documents/${id}/chunks?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`,
        );
        const page = body as { chunks: { id: string; text: string; ordinal: number }[]; cursor?: string };
        found.push(...page.chunks);
        cursor = page.cursor;
      } while (cursor);
      return found;
    },
    search: async (request: unknown): Promise<SearchAnswer> => {
      const { status, body } = await json("/search", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request),
      });
      if (status !== 200) throw new Error(`search answered ${status}: ${JSON.stringify(body)}`);
      return body as SearchAnswer;
    },
  };
};

/** Waits on a condition; says what it saw last when the time is up. */
export const until = async <T>(
  look: () => Promise<T>,
  done: (value: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (done(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`gave up waiting; last seen: ${JSON.stringify(value)?.slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
};

/** Messages in all dead-letter queues whose names begin so. */
export const deadLetters = async (sqs: SQSClient, QueueNamePrefix = ""): Promise<number> => {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix }));
  const dead = QueueUrls.filter((url) => url.endsWith("-dlq"));
  if (dead.length === 0) throw new Error("no dead-letter queues");
  const depths = await Promise.all(
    dead.map(async (QueueUrl) => {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
      );
      return (
        Number(Attributes?.ApproximateNumberOfMessages) +
        Number(Attributes?.ApproximateNumberOfMessagesNotVisible)
      );
    }),
  );
  return depths.reduce((sum, depth) => sum + depth, 0);
};
