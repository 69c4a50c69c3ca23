import type { ApiClient, Health } from "../api-client.ts";
import { count, type Finding, fine, problem } from "./finding.ts";

type Queues = NonNullable<Health["queues"]>;

/** Work waits, and nobody has any of it in hand. */
const idle = (queues: Queues): Queues =>
  queues.filter(({ waiting, inFlight }) => waiting > 0 && inFlight === 0);

/**
 * Queues whose messages nobody takes. SQS does not tell a message's age, so they are looked at again and again for
 * `patienceMs`: a queue is drained as soon as one look finds a message in hand, or fewer waiting than before.
 */
export const judgeQueues = async (
  api: Pick<ApiClient, "health">,
  first: Health,
  { patienceMs, pollMs, pause }: { patienceMs: number; pollMs: number; pause: (ms: number) => Promise<void> },
): Promise<readonly Finding[]> => {
  if (first.queues === undefined) return [];
  let suspects = idle(first.queues);
  for (let waited = 0; suspects.length > 0 && waited < patienceMs; waited += pollMs) {
    await pause(pollMs);
    const now = idle((await api.health()).queues ?? []);
    suspects = suspects.filter(({ name, waiting }) =>
      now.some((each) => each.name === name && each.waiting >= waiting),
    );
  }
  if (suspects.length === 0) return [fine("work", "no queue stands still")];
  return suspects.map(({ name, waiting }) =>
    problem(
      "work",
      `${count(waiting, "message")} in ${name} and nobody takes them`,
      "is the event source mapping of its function enabled, and the function neither throttled nor out of concurrency? On one machine: is `npm start` still running? docs/runbook.md, oldest-message",
    ),
  );
};
