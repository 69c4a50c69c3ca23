/** Labels of `n` vectors against the published centroids of one version. */
type Labels = {
  /** 0: nothing is published yet; then every id is −1 and every distance 0. */
  readonly version: number;
  /** `[n]`; −1 is none: nothing is published, or no cluster's radius reaches so far. */
  readonly ids: Int32Array;
  /** `[n]`, 1 − cosine to the centroid. */
  readonly distances: Float32Array;
};

/** Port: what the cluster step asks. `vectors` is `[n, dimension]` row-major, unit length; `identity` the embedding's. */
export type Labeler = {
  label(vectors: Float32Array, dimension: number, identity: string): Promise<Labels>;
};
