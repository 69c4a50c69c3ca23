type End = () => Promise<void> | void;

/** What has been started and must end, by layers: first what takes in work, last what holds state. */
export type Endings = {
  add(layer: Layer, end: End): void;
  /** Ends all, once; a failure to end one thing does not keep the others. */
  run(): Promise<void>;
};

const layers = ["intake", "processes", "clients", "emulator", "logs", "lock"] as const;
type Layer = (typeof layers)[number];

export const createEndings = (): Endings => {
  const steps = new Map<Layer, End[]>(layers.map((layer) => [layer, []]));
  let running: Promise<void> | null = null;
  const runAll = async () => {
    for (const layer of layers) await Promise.allSettled((steps.get(layer) ?? []).map(async (end) => end()));
  };
  return {
    add: (layer, end) => steps.get(layer)?.push(end),
    run: () => {
      running ??= runAll();
      return running;
    },
  };
};
