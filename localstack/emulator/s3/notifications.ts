/** One `QueueConfiguration` of a bucket. */
export type NotificationRule = {
  readonly id: string;
  /** Name of the queue. */
  readonly queue: string;
  /** Such as `s3:ObjectCreated:*` or `s3:ObjectRemoved:Delete`. */
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
};

export type EventName =
  | "ObjectCreated:Put"
  | "ObjectCreated:Post"
  | "ObjectCreated:Copy"
  | "ObjectCreated:CompleteMultipartUpload"
  | "ObjectRemoved:Delete"
  | "ObjectTagging:Put"
  | "ObjectTagging:Delete";

export type ObjectEvent = {
  readonly name: EventName;
  readonly bucket: string;
  readonly key: string;
  /** Absent for removals. */
  readonly object?: { readonly size: number; readonly etag: string };
  /** Larger for the later of two events on one key. */
  readonly sequence: number;
  readonly at: number;
  readonly requestId: string;
  readonly region: string;
};

export const wants = (rule: NotificationRule, name: EventName, key: string): boolean =>
  key.startsWith(rule.prefix) &&
  key.endsWith(rule.suffix) &&
  rule.events.some((pattern) => {
    const event = pattern.replace(/^s3:/, "");
    return event === name || (event.endsWith("*") && name.startsWith(event.slice(0, -1)));
  });

/** As S3 writes keys in events and listings: form encoding, but slashes stay. */
export const encodeKey = (key: string): string =>
  encodeURIComponent(key)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+")
    .replaceAll("%2F", "/");

/**
 * The message that S3 sends to a queue.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export const eventMessage = (event: ObjectEvent, rule: NotificationRule): string =>
  JSON.stringify({
    Records: [
      {
        eventVersion: "2.1",
        eventSource: "aws:s3",
        awsRegion: event.region,
        eventTime: new Date(event.at).toISOString(),
        eventName: event.name,
        userIdentity: { principalId: "AIDALOCAL" },
        requestParameters: { sourceIPAddress: "127.0.0.1" },
        responseElements: { "x-amz-request-id": event.requestId, "x-amz-id-2": event.requestId },
        s3: {
          s3SchemaVersion: "1.0",
          configurationId: rule.id,
          bucket: {
            name: event.bucket,
            ownerIdentity: { principalId: "A3LOCAL" },
            arn: `arn:aws:s3:::${event.bucket}`,
          },
          object: {
            key: encodeKey(event.key),
            ...(event.object && { size: event.object.size, eTag: event.object.etag.replaceAll('"', "") }),
            sequencer: event.sequence.toString(16).toUpperCase().padStart(18, "0"),
          },
        },
      },
    ],
  });

/** What S3 sends when a bucket's notifications are configured. */
export const testEvent = (bucket: string, requestId: string): string =>
  JSON.stringify({
    Service: "Amazon S3",
    Event: "s3:TestEvent",
    Time: new Date().toISOString(),
    Bucket: bucket,
    RequestId: requestId,
    HostId: requestId,
  });
