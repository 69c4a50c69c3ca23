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
  sizes: angles.map(() => 3),
  terms: angles.map((angle) => [`angle${angle}`]),
  nearest: angles.map((angle) => [`chunk${angle}`]),
  rows: 6,
  sampled: 6,
  trainedAt: 5,
});
