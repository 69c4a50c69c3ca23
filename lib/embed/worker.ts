import { workerData } from "node:worker_threads";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { move } from "piscina";
import { guarded, type NativeGuard } from "./native-guard.ts";
import { type Pooling, poolOne } from "./pooling.ts";

/** What every worker of a pool is started with. */
export type WorkerSetup = Pooling & {
  /** Absolute path of the ONNX file. */
  readonly graph: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly guard: NativeGuard;
};

type Model = { readonly session: InferenceSession; readonly ort: typeof import("onnxruntime-node") };

const setup = workerData as WorkerSetup;

const checkNames = (session: InferenceSession): void => {
  const unknown = session.inputNames.filter((name) => !setup.inputs.includes(name));
  if (unknown.length > 0)
    throw new Error(`${setup.graph} asks for ${unknown.join(", ")}, which the manifest does not name`);
  if (!session.outputNames.includes(setup.output))
    throw new Error(`${setup.graph} has no output ${setup.output}; it has ${session.outputNames.join(", ")}`);
};

/**
 * - `x64quantprecision`: without it, int8 products saturate on x64 processors that have AVX2 but no VNNI, and the same
 *   text's vectors differ by up to .013 cosine between machines. With it, every processor gives the exact products
 *   (onnxruntime_session_options_config_keys.h); test/embed/make-exact-vectors.py says how that was seen.
 * - One thread inside each worker, and no spinning: parallelism comes from the workers, and an idle one must not burn
 *   the vCPU of its neighbour.
 */
const sessionOptions: InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  executionMode: "sequential",
  graphOptimizationLevel: "all",
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  extra: { session: { x64quantprecision: "1", intra_op: { allow_spinning: "0" } } },
};

/** Imported here, so that a missing native library fails the task and not the pool. */
const load = async (): Promise<Model> => {
  const ort = await import("onnxruntime-node");
  const session = await guarded(setup.guard, () => ort.InferenceSession.create(setup.graph, sessionOptions));
  checkNames(session);
  return { session, ort };
};

let loading: Promise<Model> | null = null;
const loaded = async (): Promise<Model> => {
  loading ??= load();
  try {
    return await loading;
  } catch (error) {
    loading = null;
    throw error;
  }
};

/** Loads the model into this worker. */
export const warm = async (): Promise<void> => {
  await loaded();
};

const vectorOf = async (session: InferenceSession, feeds: Record<string, Tensor>): Promise<Float32Array> => {
  const results = await guarded(setup.guard, () => session.run(feeds, [setup.output]));
  const data = results[setup.output]?.data;
  if (!(data instanceof Float32Array)) throw new Error(`${setup.output} is not float32`);
  return move(poolOne(data, setup)) as unknown as Float32Array;
};

/** Token ids of one text → its vector `[dimension]`, handed over without a copy. */
export const embed = async (ids: Int32Array): Promise<Float32Array> => {
  const { session, ort } = await loaded();
  const shape = [1, ids.length];
  const int64 = (value: (id: number) => bigint): Tensor =>
    new ort.Tensor("int64", BigInt64Array.from(ids, value), shape);
  const make: Record<string, () => Tensor> = {
    input_ids: () => int64(BigInt),
    attention_mask: () => int64(() => 1n),
    token_type_ids: () => int64(() => 0n),
  };
  const feeds: Record<string, Tensor> = {};
  for (const name of session.inputNames) {
    const tensor = make[name]?.();
    if (tensor) feeds[name] = tensor;
  }
  return vectorOf(session, feeds);
};

/** Pixels of one square picture, `[3, side, side]` → its vector, for a graph whose only input takes them. */
export const embedPixels = async (pixels: Float32Array): Promise<Float32Array> => {
  const { session, ort } = await loaded();
  const side = Math.sqrt(pixels.length / 3);
  const feeds = { [setup.inputs[0] ?? ""]: new ort.Tensor("float32", pixels, [1, 3, side, side]) };
  return vectorOf(session, feeds);
};
