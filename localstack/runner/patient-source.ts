import type { QueueSource } from "./queue-source.ts";

export type PatientSource = QueueSource & {
  /** When no poll is open any more. */
  settled(): Promise<void>;
};

/** Within the two seconds that Ctrl-C may take. */
const longestPollSeconds = 1;

/**
 * For servers that give messages to a long poll whose caller has gone: LocalStack does, and such a message is out of
 * sight for the queue's whole visibility timeout. Polls are short and never broken off; what the last one brings after
 * the end goes back at once. After a kill −9 one poll a queue is still open, for at most a second.
 */
export const patientSource = (source: QueueSource): PatientSource => {
  const open = new Set<Promise<unknown>>();
  const neverAborted = new AbortController().signal;
  const poll: QueueSource["receive"] = async (max, waitSeconds, signal) => {
    const messages = await source.receive(max, Math.min(longestPollSeconds, waitSeconds), neverAborted);
    if (!signal.aborted) return messages;
    await source.release(messages, () => 0);
    return [];
  };
  return {
    ...source,
    receive: (max, waitSeconds, signal) => {
      const polling = poll(max, waitSeconds, signal).finally(() => open.delete(polling));
      open.add(polling);
      return polling;
    },
    settled: async () => {
      await Promise.allSettled(open);
    },
  };
};
