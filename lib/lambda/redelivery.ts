import { ChangeMessageVisibilityCommand } from "@aws-sdk/client-sqs";
import { awsFailure } from "../aws/aws-failure.ts";
import { queueUrl, type SqsSender } from "../aws/sqs-queue.ts";

/** Port: says when a message that failed comes back. */
export type Redelivery = {
  delay(receiptHandle: string, seconds: number): Promise<void>;
};

const firstSeconds = 5;
const longestSeconds = 900;

/**
 * Seconds until the next delivery: doubled with each receive up to 15 minutes, the upper half of it by chance, so that
 * what failed together does not come back together. Ten receives outlast an outage of half an hour.
 * `random` is in [0, 1).
 */
export const delaySeconds = (receiveCount: number, random: number): number => {
  const full = Math.min(longestSeconds, firstSeconds * 2 ** Math.min(receiveCount - 1, 20));
  return Math.round(full / 2 + (full / 2) * random);
};

/** Redelivery by ChangeMessageVisibility. */
export const sqsRedelivery = (client: SqsSender, queueName: string): Redelivery => {
  const url = queueUrl(client, queueName);
  return {
    delay: async (receiptHandle, seconds) => {
      const QueueUrl = await url();
      try {
        await client.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl,
            ReceiptHandle: receiptHandle,
            VisibilityTimeout: seconds,
          }),
        );
      } catch (error) {
        throw awsFailure(`visibility of a message of queue ${queueName}`, error);
      }
    },
  };
};
