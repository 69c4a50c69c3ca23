import type { Kettle } from "../compose.ts";
import { lazy } from "../lazy.ts";
import type { Delivery } from "../steps/delivery.ts";
import { sqsRedelivery } from "./redelivery.ts";
import { sqsHandler } from "./sqs.ts";

type Step<Message> = (message: Message, delivery: Delivery) => Promise<unknown>;

/**
 * A function on one of the queues, over the process's drivers.
 * @param queue without the prefix
 * @param build makes the step before the first message; while that fails, messages come back
 */
export const consume = <Message>(
  kettle: Kettle,
  queue: keyof Kettle["queues"],
  messages: (body: string) => readonly Message[],
  build: () => Promise<Step<Message>>,
) => {
  const name = kettle.queueName(queue);
  const step = lazy(build);
  return sqsHandler<Message>({
    queue: name,
    log: kettle.log,
    messages,
    step: async (message, delivery) => {
      await (await step())(message, delivery);
    },
    maxReceives: kettle.config.queues.maxReceives,
    redelivery: sqsRedelivery(kettle.sqs, name),
  });
};
