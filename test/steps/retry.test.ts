import { expect, it } from "vitest";
import { AppError } from "../../lib/errors.ts";
import { first, harness, id, key, look } from "./harness.ts";

it("swaps first, then enqueues, and the document is ingested again in a new run", async () => {
  const { ingest, steps, queues, entry, drain, texts } = harness();
  await ingest("one");
  const { run } = await entry();
  expect(await steps.retry()(id)).toMatchObject({ state: "pending", run: run + 1, served: run });
  expect(queues.ingest.sent).toEqual([look]);
  expect(await texts()).toEqual(["one"]);
  await drain();
  expect(await entry()).toMatchObject({ state: "ready", served: run + 2 });
  expect(await texts()).toEqual(["one"]);
});

it("a permanent failure may be retried by a person", async () => {
  const { documents, steps, entry, drain } = harness();
  documents.upload(key, "one");
  const readChunks = () => Promise.reject(new AppError("UNSUPPORTED_TYPE", "no reader"));
  await steps.parse({ readChunks })(look, first);
  await steps.retry()(id);
  await drain();
  expect((await entry()).state).toBe("ready");
});

it("refuses unknown and deleted documents", async () => {
  const { ingest, documents, steps } = harness();
  await expect(steps.retry()(id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await ingest("one");
  await documents.delete([key]);
  await steps.parse()(look, first);
  await expect(steps.retry()(id)).rejects.toMatchObject({ code: "CONFLICT" });
});
