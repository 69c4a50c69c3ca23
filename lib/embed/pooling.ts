/** How one text's output becomes its vector. */
export type Pooling = {
  readonly pooling: "none" | "mean" | "cls";
  readonly normalise: boolean;
  readonly dimension: number;
};

const meanOfRows = (data: Float32Array, dimension: number): Float32Array => {
  const rows = data.length / dimension;
  const mean = new Float32Array(dimension);
  for (let i = 0; i < data.length; i++) mean[i % dimension] = (mean[i % dimension] ?? 0) + (data[i] ?? 0);
  return mean.map((sum) => sum / rows);
};

/** Scaled to unit length in place; a zero vector stays as it is. */
export const normalise = (vector: Float32Array): Float32Array => {
  let squares = 0;
  for (const x of vector) squares += x * x;
  const length = Math.sqrt(squares);
  if (length > 0) for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / length;
  return vector;
};

/**
 * @param data the model's output for one unpadded text: `[dimension]` for "none", `[tokens, dimension]` otherwise
 * @returns a new array `[dimension]`
 * @throws RangeError when the length does not fit, or a value is not finite
 */
export const poolOne = (data: Float32Array, options: Pooling): Float32Array => {
  const { pooling, dimension } = options;
  const fits =
    pooling === "none" ? data.length === dimension : data.length > 0 && data.length % dimension === 0;
  if (!fits)
    throw new RangeError(`the model's output has ${data.length} values, pooling ${pooling} of ${dimension}`);
  const vector = pooling === "mean" ? meanOfRows(data, dimension) : data.slice(0, dimension);
  if (options.normalise) normalise(vector);
  if (!vector.every(Number.isFinite)) throw new RangeError("the model's output is not finite");
  return vector;
};
