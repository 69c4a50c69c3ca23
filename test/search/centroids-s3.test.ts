import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { s3Bucket } from "../../lib/aws/s3-bucket.ts";
import { bucketCentroids } from "../../lib/centroids/centroids.ts";
import { bucket, running } from "../emulator/harness.ts";
import { training } from "./training.ts";

it("of trainers that began together on a bucket over HTTP, one publishes and all readers see its centroids", async () => {
  const { s3 } = await running();
  const state = s3Bucket(s3, bucket);
  const process = () => bucketCentroids({ bucket: state, now: () => 0, nonce: randomUUID });
  for (let round = 1; round <= 3; round++) {
    const trainers = [process(), process(), process(), process()];
    const bases = await Promise.all(trainers.map((trainer) => trainer.basis("model-a")));
    const published = await Promise.all(
      trainers.map((trainer, i) => trainer.publish(training(round, 10 * i + 20), bases[i]!)),
    );
    const winners = published.filter((one) => one !== null);
    expect(winners).toHaveLength(1);
    expect(winners[0]?.version).toBe(round);
    expect(await process().current("model-a")).toEqual(winners[0]);
    expect((await state.list({ prefix: "centroids/" })).objects).toHaveLength(2);
  }
});
