/** A figure; with a peer, both were measured in the same run on the same data, threads and parameters. */
export type BenchRow = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: string;
  readonly peerValue?: number;
  /** value / peerValue */
  readonly ratio?: number;
  /** In words. */
  readonly goal?: string;
  readonly met?: boolean;
};

export type BenchOptions = {
  readonly data: string | null;
  /** How much of it; null: what the benchmark takes by itself. */
  readonly sample: number | null;
  /** Folder for what a benchmark writes beside its figures: that of --json, or .cache. */
  readonly out: string;
  readonly progress: (line: string) => void;
};

export type Bench = { readonly name: string; run(options: BenchOptions): Promise<readonly BenchRow[]> };
