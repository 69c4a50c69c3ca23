import { z } from "zod";

/** A failure as SQS words it; the caller is at fault. */
export class SqsFault extends Error {
  readonly code: string;
  /** The older protocol's name for the same code, where it has another. */
  readonly queryCode: string;
  constructor(code: string, message: string, queryCode = code) {
    super(message);
    this.name = "SqsFault";
    this.code = code;
    this.queryCode = queryCode;
  }
}

export const noSuchQueue = (): SqsFault =>
  new SqsFault(
    "QueueDoesNotExist",
    "The specified queue does not exist.",
    "AWS.SimpleQueueService.NonExistentQueue",
  );

/** A request's body in the shape that its action wants. @throws SqsFault `InvalidParameterValue` */
export const parse = <Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new SqsFault("InvalidParameterValue", z.prettifyError(parsed.error));
};
