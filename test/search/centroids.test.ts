import { describe, expect, it } from "vitest";
import { bucketCentroids } from "../../lib/centroids/centroids.ts";
import { centroidLabeler } from "../../lib/centroids/labeler.ts";
import { AppError } from "../../lib/errors.ts";
import { atAngles } from "../cluster/planted.ts";
import { memoryBucket } from "../contract/memory-bucket.ts";
import { training } from "./training.ts";

const setUp = () => {
  const clock = { ms: 0 };
  const bucket = memoryBucket("state", () => clock.ms);
  let nonces = 0;
  const process = (over = bucket) =>
    bucketCentroids({ bucket: over, now: () => clock.ms, nonce: () => `nonce${++nonces}`, ttlMs: 5_000 });
  return { clock, bucket, process };
};

describe("published centroids", () => {
  it("are read as they were published, bit for bit, by every process", async () => {
    const { process } = setUp();
    const trainer = process();
    expect(await trainer.current("model-a")).toBeNull();
    await trainer.publish(training(0, 90), await trainer.basis("model-a"));
    expect(await trainer.current("model-a")).toEqual({ ...training(0, 90), version: 1 });
    expect(await process().current("model-a")).toEqual({ ...training(0, 90), version: 1 });
    expect(await process().current("model-b")).toBeNull();
    const withRadii = { ...training(0, 90), radii: [...Float32Array.of(0.1, 0.3)] };
    await trainer.publish(withRadii, await trainer.basis("model-a"));
    expect(await process().current("model-a")).toEqual({ ...withRadii, version: 2 });
  });

  it("have versions that only grow, and leave one data file", async () => {
    const { process, bucket } = setUp();
    const trainer = process();
    const versions = [];
    for (const above of [0, 0, 10, 3])
      versions.push((await trainer.publish(training(0), await trainer.basis("model-a"), above))?.version);
    expect(versions).toEqual([1, 2, 11, 12]);
    expect([...bucket.objects.keys()].sort()).toEqual([
      "centroids/model-a/12-nonce4.json",
      "centroids/model-a/current.json",
    ]);
  });

  it("of two trainers that began together, the second is told that it lost and leaves nothing", async () => {
    const { process, bucket } = setUp();
    const [first, second] = [process(), process()];
    for (const angles of [[0], [10]]) {
      const bases = [await first.basis("model-a"), await second.basis("model-a")] as const;
      const won = await first.publish(training(...angles), bases[0]);
      expect(won).not.toBeNull();
      expect(await second.publish(training(45), bases[1])).toBeNull();
      expect(await process().current("model-a")).toEqual(won);
      expect(bucket.objects.size).toBe(2);
    }
  });

  it("were published although the reply was lost and the request sent again", async () => {
    const { process, bucket } = setUp();
    const lossy = process({
      ...bucket,
      put: async (key, body, options) => {
        const written = await bucket.put(key, body, options);
        return options?.condition ? bucket.put(key, body, options) : written;
      },
    });
    const published = await lossy.publish(training(0), await lossy.basis("model-a"));
    expect(published?.version).toBe(1);
    expect(await process().current("model-a")).toEqual(published);
  });

  it("stay the old ones when a trainer dies between data and pointer, and the next one publishes", async () => {
    const { process, bucket } = setUp();
    const healthy = process();
    const old = await healthy.publish(training(0), await healthy.basis("model-a"));
    const dying = process({
      ...bucket,
      put: (key, body, options) =>
        options?.condition ? Promise.reject(new Error("killed")) : bucket.put(key, body, options),
    });
    await expect(dying.publish(training(45), await dying.basis("model-a"))).rejects.toThrow("killed");
    expect(await process().current("model-a")).toEqual(old);
    const next = process();
    expect((await next.publish(training(90), await next.basis("model-a")))?.version).toBe(2);
    expect((await process().current("model-a"))?.centroids).toEqual(atAngles(90));
  });

  it("are looked at again after five seconds, by one reader for all that ask at once", async () => {
    const { process, bucket, clock } = setUp();
    let gets = 0;
    const reader = process({
      ...bucket,
      get: (key) => {
        gets++;
        return bucket.get(key);
      },
    });
    const trainer = process();
    const publish = async (angle: number) => trainer.publish(training(angle), await trainer.basis("model-a"));
    const versions = async () =>
      (await Promise.all([1, 2, 3].map(() => reader.current("model-a")))).map((found) => found?.version);
    await publish(0);
    expect([await versions(), gets]).toEqual([[1, 1, 1], 2]);
    await publish(10);
    clock.ms += 4_999;
    expect([await versions(), gets]).toEqual([[1, 1, 1], 2]);
    clock.ms += 1;
    expect([await versions(), gets]).toEqual([[2, 2, 2], 4]);
    clock.ms += 5_000;
    expect([await versions(), gets]).toEqual([[2, 2, 2], 5]);
  });

  it("are used on while S3 is away; without any the outage shows", async () => {
    const { process, bucket, clock } = setUp();
    const trainer = process();
    await trainer.publish(training(0), await trainer.basis("model-a"));
    let away = false;
    const outage = (key: string) =>
      away ? Promise.reject(new AppError("AWS_UNAVAILABLE", "S3 is away")) : bucket.get(key);
    const reader = process({ ...bucket, get: outage });
    expect((await reader.current("model-a"))?.version).toBe(1);
    away = true;
    clock.ms += 60_000;
    expect((await reader.current("model-a"))?.version).toBe(1);
    await expect(process({ ...bucket, get: outage }).current("model-a")).rejects.toThrow("S3 is away");
  });

  it.each(["gone", "unreadable"])(
    "whose data is %s are as good as none, and can be published anew",
    async (how) => {
      const { process, bucket } = setUp();
      const trainer = process();
      await trainer.publish(training(0), await trainer.basis("model-a"));
      if (how === "gone") await bucket.delete(["centroids/model-a/1-nonce1.json"]);
      else bucket.upload("centroids/model-a/1-nonce1.json", "{}");
      const other = process();
      expect(await other.current("model-a")).toBeNull();
      const basis = await other.basis("model-a");
      expect(basis.version).toBe(1);
      expect((await other.publish(training(90), basis))?.version).toBe(2);
    },
  );
});

describe("labels for chunks that are being stored", () => {
  it("are of no cluster and version 0 while nothing is published, or when labels are made elsewhere", async () => {
    const { process } = setUp();
    const centroids = process();
    const none = { version: 0, ids: Int32Array.of(-1, -1), distances: Float32Array.of(0, 0) };
    expect(await centroidLabeler(centroids, true).label(atAngles(0, 90), 2, "model-a")).toEqual(none);
    await centroids.publish(training(0, 90), await centroids.basis("model-a"));
    expect(await centroidLabeler(centroids, false).label(atAngles(0, 90), 2, "model-a")).toEqual(none);
  });

  it("are the nearest published centroid and the distance to it", async () => {
    const { process } = setUp();
    const centroids = process();
    await centroids.publish(training(0, 90), await centroids.basis("model-a"));
    const { version, ids, distances } = await centroidLabeler(centroids, true).label(
      atAngles(30, 80),
      2,
      "model-a",
    );
    expect([version, ...ids]).toEqual([1, 0, 1]);
    expect(distances[0]).toBeCloseTo(1 - Math.cos(Math.PI / 6), 6);
    expect(distances[1]).toBeCloseTo(1 - Math.cos(Math.PI / 18), 6);
  });

  it("are of no cluster where no published radius reaches", async () => {
    const { process } = setUp();
    const centroids = process();
    await centroids.publish({ ...training(0, 90), radii: [0.01, 0.05] }, await centroids.basis("model-a"));
    const { version, ids } = await centroidLabeler(centroids, true).label(atAngles(10, 80, 5), 2, "model-a");
    expect([version, ...ids]).toEqual([1, -1, 1, 0]);
  });

  it("of no vectors are none", async () => {
    const { process } = setUp();
    const labels = await centroidLabeler(process(), true).label(new Float32Array(0), 2, "model-a");
    expect([labels.ids.length, labels.distances.length]).toEqual([0, 0]);
  });
});
