export const accountId = "000000000000";

export type Queue = {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly modifiedAt: number;
};

export const defaultAttributes: Readonly<Record<string, string>> = {
  VisibilityTimeout: "30",
  DelaySeconds: "0",
  MaximumMessageSize: "262144",
  MessageRetentionPeriod: "345600",
  ReceiveMessageWaitTimeSeconds: "0",
};

export const queueArn = (region: string, name: string): string =>
  `arn:aws:sqs:${region}:${accountId}:${name}`;

/** The last part of a queue's ARN or URL: one machine has one region and one account. */
export const queueNameOf = (arnOrUrl: string): string => arnOrUrl.split(/[:/]/).at(-1) ?? "";

/** Undefined when there is no policy or it cannot be read. */
export const redriveOf = ({
  attributes,
}: Pick<Queue, "attributes">): { dlq: string; maxReceiveCount: number } | undefined => {
  if (!attributes.RedrivePolicy) return undefined;
  try {
    const policy = JSON.parse(attributes.RedrivePolicy) as {
      deadLetterTargetArn?: unknown;
      maxReceiveCount?: unknown;
    };
    const maxReceiveCount = Number(policy.maxReceiveCount);
    if (typeof policy.deadLetterTargetArn !== "string" || !(maxReceiveCount >= 1)) return undefined;
    return { dlq: queueNameOf(policy.deadLetterTargetArn), maxReceiveCount };
  } catch {
    return undefined;
  }
};
