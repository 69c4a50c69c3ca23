import { expect, it } from "vitest";
import { patientSource } from "../../localstack/runner/patient-source.ts";
import type { QueueSource, ReceivedMessage } from "../../localstack/runner/queue-source.ts";

/** A queue whose polls end when the test says so. */
const controlled = () => {
  const polls: { seconds: number; answer: (messages: readonly ReceivedMessage[]) => void }[] = [];
  const released: string[] = [];
  const source: QueueSource = {
    receive: (_, seconds, signal) =>
      new Promise((answer, reject) => {
        polls.push({ seconds, answer });
        signal.addEventListener("abort", () => reject(new Error("broken off")));
      }),
    delete: async () => {},
    release: async (messages, seconds) => {
      for (const message of messages) released.push(`${message.id} after ${seconds(message)} s`);
    },
  };
  return { polls, released, source: patientSource(source) };
};

const message: ReceivedMessage = { id: "m", receipt: "r", body: "{}", receives: 1, raw: {} };

it("an open poll is waited for at the end, and its message goes back at once", async () => {
  const { polls, released, source } = controlled();
  const stopping = new AbortController();
  const received = source.receive(10, 20, stopping.signal);
  stopping.abort();
  let isSettled = false;
  const settled = source.settled().then(() => (isSettled = true));
  await new Promise(setImmediate);
  expect(isSettled).toBe(false);
  polls[0]?.answer([message]);
  expect(await received).toEqual([]);
  await settled;
  expect(released).toEqual(["m after 0 s"]);
});

it("polls are short, and give what came", async () => {
  const { polls, released, source } = controlled();
  const received = source.receive(10, 20, new AbortController().signal);
  polls[0]?.answer([message]);
  expect(await received).toEqual([message]);
  expect(polls[0]?.seconds).toBe(1);
  expect(released).toEqual([]);
  await source.settled();
});
