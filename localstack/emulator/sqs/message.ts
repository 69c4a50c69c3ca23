import { createHash } from "node:crypto";
import { z } from "zod";
import type { MessageAttributes } from "./queue-store.ts";

export const messageAttributes = z
  .record(
    z.string(),
    z.object({
      DataType: z.string(),
      StringValue: z.string().optional(),
      BinaryValue: z.string().optional(),
    }),
  )
  .default({});

/** Half of a surrogate pair, or a character that XML 1.0 has not. */
const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
/** Cheap, and enough for most texts: without these units nothing is forbidden. */
const suspicious = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD]/;

/** Bytes of the body and of each attribute's name, type and value. */
export const messageSize = (body: string, attributes: MessageAttributes): number => {
  let size = Buffer.byteLength(body);
  for (const [name, value] of Object.entries(attributes))
    size += Buffer.byteLength(name + value.DataType + (value.StringValue ?? value.BinaryValue ?? ""));
  return size;
};

/** Why SQS would refuse the message, or undefined. */
export const refusal = (
  body: string,
  attributes: MessageAttributes,
  maxBytes: number,
): { code: string; message: string } | undefined => {
  if (body === "")
    return { code: "MissingParameter", message: "The request must contain the parameter MessageBody." };
  if (suspicious.test(body) && forbidden.test(body))
    return {
      code: "InvalidMessageContents",
      message:
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    };
  if (messageSize(body, attributes) > maxBytes)
    return {
      code: "InvalidParameterValue",
      message: `One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`,
    };
  return undefined;
};

const sized = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/**
 * The digest that SDKs compare; undefined without attributes.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
export const attributesMd5 = (attributes: MessageAttributes): string | undefined => {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash("md5");
  for (const name of names) {
    const { DataType, StringValue, BinaryValue } = attributes[name] ?? { DataType: "" };
    const isBinary = DataType.startsWith("Binary");
    hash.update(sized(Buffer.from(name))).update(sized(Buffer.from(DataType)));
    hash.update(Buffer.from([isBinary ? 2 : 1]));
    hash.update(sized(isBinary ? Buffer.from(BinaryValue ?? "", "base64") : Buffer.from(StringValue ?? "")));
  }
  return hash.digest("hex");
};
