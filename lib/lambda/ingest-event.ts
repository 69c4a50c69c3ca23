import { z } from "zod";
import { type LookMessage, lookMessage } from "../messages.ts";

const testEvent = z.object({ Event: z.literal("s3:TestEvent") });

const notification = z.object({
  Records: z.array(
    z.object({
      eventName: z.string(),
      s3: z.object({
        bucket: z.object({ name: z.string().min(1) }),
        object: z.object({ key: z.string().min(1) }),
      }),
    }),
  ),
});

/** Events after which the object, or its tags, may be other ones than before, or gone. */
const changes = /^(s3:)?(ObjectCreated|ObjectRemoved|ObjectRestore|LifecycleExpiration|ObjectTagging):/;

/** S3 encodes keys of notifications as form fields: a space is `+`. LocalStack writes %20: both are read. */
const decodeKey = (key: string): string => decodeURIComponent(key.replaceAll("+", " "));

/**
 * What to look at, of one body of the ingest queue: our own `LookMessage`, or an S3 event notification of any number of
 * records. The test event that S3 sends when notifications are set up, and events that change no object, give nothing.
 * @throws SyntaxError, ZodError or URIError for anything else.
 */
export const parseIngest = (body: string): readonly LookMessage[] => {
  const value: unknown = JSON.parse(body);
  if (testEvent.safeParse(value).success) return [];
  const look = lookMessage.safeParse(value);
  if (look.success) return [look.data];
  return notification
    .parse(value)
    .Records.filter(({ eventName }) => changes.test(eventName))
    .map(({ s3 }) => ({ version: 1, bucket: s3.bucket.name, key: decodeKey(s3.object.key) }));
};
