import type { Training } from "../../lib/centroids/published.ts";
import { atAngles } from "../cluster/planted.ts";

/** A training in the plane that found centres at these angles. */
export const training = (...angles: number[]): Training => ({
  identity: "model-a",
  algorithm: "kmeans",
  seed: 42,
  k: angles.length,
  dimension: 2,
  centroids: atAngles(...angles),
  ids: angles.map((_, i) => i),
  nextId: angles.length,
  sizes: angles.map(() => 3),
  spreads: angles.map(() => 0.1),
  meanDistance: 0.1,
  terms: angles.map((angle) => [`angle${angle}`]),
  nearest: angles.map((angle) => [`chunk${angle}`]),
  rows: 6,
  sampled: 6,
  trainedAt: 5,
});
