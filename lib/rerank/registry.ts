import { balanced } from "./balanced.ts";
import { clusterCenter } from "./cluster-center.ts";
import { clusterSize } from "./cluster-size.ts";
import { crossEncoder } from "./cross-encoder.ts";
import { distance } from "./distance.ts";
import { mmr } from "./mmr.ts";
import { none } from "./none.ts";
import type { Reranker } from "./reranker.ts";
import { rrf } from "./rrf.ts";

/** The only list of rerankers that ship: request schema, docs and contract tests read it. */
export const rerankers = {
  none,
  distance,
  "cluster-size": clusterSize,
  "cluster-center": clusterCenter,
  mmr,
  rrf,
  balanced,
  "cross-encoder": crossEncoder,
} as const satisfies Record<string, Reranker>;

export type RerankerName = keyof typeof rerankers;
export const rerankerNames = Object.keys(rerankers) as [RerankerName, ...RerankerName[]];

export const isRerankerName = (name: string): name is RerankerName => Object.hasOwn(rerankers, name);
