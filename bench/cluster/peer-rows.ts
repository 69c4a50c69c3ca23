import type { FitOptions } from "../../lib/cluster/cluster-model.ts";
import { hdbscan } from "../../lib/cluster/hdbscan.ts";
import { settle } from "../../lib/cluster/kmeans.ts";
import { meanSimilarity } from "../../lib/cluster/means.ts";
import { minibatchKmeans } from "../../lib/cluster/minibatch-kmeans.ts";
import { assignByProducts, emptyAssignment } from "../../lib/cluster/nearest.ts";
import { onnxProducts } from "../../lib/linalg/onnx-products.ts";
import type { BenchRow } from "../row.ts";
import { installPeers, peerDensityFigures, peerKmeansFigures, shareVectors } from "./peers.ts";

const threads = 2;
const [n, k, passes] = [100_000, 256, 10];
/** HDBSCAN: of ours, and of the peers, which take a minute or more for as many. */
const [many, few, size] = [20_000, 5_000, 35];

type Timed<T> = { readonly ms: number; readonly result: T };

const timed = async <T>(run: () => Promise<T>): Promise<Timed<T>> => {
  const start = performance.now();
  const result = await run();
  return { ms: performance.now() - start, result };
};

/** The least of three runs, for the peers too. */
const least = async <T>(run: () => Promise<T>): Promise<Timed<T>> => {
  const all = [await timed(run), await timed(run), await timed(run)] as const;
  return all.reduce((a, b) => (b.ms < a.ms ? b : a));
};

const against = (
  name: string,
  ms: number,
  peer: string,
  peerMs: number | undefined,
  most: number,
): BenchRow => ({
  name,
  value: ms,
  unit: "ms",
  ...(peerMs !== undefined && {
    peer,
    peerValue: peerMs,
    ratio: ms / peerMs,
    goal: `ratio ≤ ${most}`,
    met: ms / peerMs <= most,
  }),
});

const alike = (name: string, value: number, peer: string, peerValue: number | undefined): BenchRow => ({
  name: `${name}: mean similarity`,
  value,
  unit: "cosine",
  ...(peerValue !== undefined && { peer, peerValue, ratio: value / peerValue }),
});

const kmeansRows = async (
  vectors: Float32Array,
  d: number,
  options: FitOptions,
  peersAt: string | null,
): Promise<BenchRow[]> => {
  const peers = peersAt === null ? undefined : peerKmeansFigures({ file: peersAt, d, n, k, passes }, threads);
  const from = (maxPasses: number) =>
    least(() => settle(vectors, d, vectors.slice(0, k * d), { ...options, maxPasses }));
  // scikit-learn assigns once more after its last pass, faiss does not.
  const longer = await from(passes + 1);
  const ours = await from(passes);
  const batches = await least(() => minibatchKmeans.fit(vectors, d, { ...options, maxPasses: 10 }));
  const end = emptyAssignment(n);
  const how = { d, products: options.products ?? (await onnxProducts(threads)) };
  await assignByProducts(vectors, batches.result.centroids, how, end);
  const passesOf = `${n} × ${d}, k = ${k}: ${passes} passes from given centroids`;
  const withBatches = `${n} × ${d}, k = ${k}: mini-batches with seeding`;
  const similarity = meanSimilarity(longer.result.assignment.similarities);
  const [scikit, mini] = ["scikit-learn KMeans", "MiniBatchKMeans"];
  return [
    against(passesOf, longer.ms, scikit, peers?.lloyd.ms, 1),
    alike(passesOf, similarity, scikit, peers?.lloyd.meanSimilarity),
    against(passesOf, ours.ms, "faiss", peers?.faiss.ms, 1.2),
    alike(passesOf, similarity, "faiss", peers?.faiss.meanSimilarity),
    against(withBatches, batches.ms, mini, peers?.batches.ms, 1),
    alike(withBatches, meanSimilarity(end.similarities), mini, peers?.batches.meanSimilarity),
  ];
};

const densityRows = async (
  vectors: Float32Array,
  d: number,
  options: FitOptions,
  peersAt: string | null,
): Promise<BenchRow[]> => {
  const clustered = (rows: number) =>
    timed(() =>
      hdbscan.fit(vectors.subarray(0, rows * d), d, {
        ...options,
        hdbscan: { minClusterSize: size, minSamples: size },
      }),
    );
  const { ms } = await clustered(many);
  const whole: BenchRow = {
    name: `HDBSCAN ${many} × ${d}`,
    value: ms,
    unit: "ms",
    goal: "≤ 10,000 ms",
    met: ms <= 10_000,
  };
  if (peersAt === null) return [whole];
  const peers = peerDensityFigures({ file: peersAt, d, n: few, size }, threads);
  const part = await clustered(few);
  const found = (theirs: number): string =>
    `HDBSCAN ${few} × ${d}, fewer for the peer (clusters: ${part.result.k}, its: ${theirs})`;
  return [
    whole,
    against(found(peers.hdbscan.clusters), part.ms, "hdbscan", peers.hdbscan.ms, 1),
    against(
      found(peers.fast_hdbscan.clusters),
      part.ms,
      "fast_hdbscan (approximate)",
      peers.fast_hdbscan.ms,
      1,
    ),
  ];
};

/** Training against scikit-learn, faiss, hdbscan and fast_hdbscan: the same vectors, passes and threads. */
export const peerRows = async (
  vectorsOf: (n: number) => Float32Array,
  d: number,
  progress: (line: string) => void,
): Promise<readonly BenchRow[]> => {
  const installed = installPeers(progress);
  const vectors = vectorsOf(n);
  const peersAt = installed ? shareVectors(vectors) : null;
  const options = { k, seed: 1, products: await onnxProducts(threads) };
  progress("k-means against scikit-learn and faiss");
  const kmeans = await kmeansRows(vectors, d, options, peersAt);
  progress("HDBSCAN against hdbscan and fast_hdbscan");
  return [...kmeans, ...(await densityRows(vectors, d, options, peersAt))];
};
