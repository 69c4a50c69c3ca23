/** `p(junk) = σ(w · x − bias)` with no negative weight: a measure can only speak against a chunk. */
export type Fit = { readonly weights: readonly number[]; readonly bias: number };

const steps = 4_000;
const rate = 0.5;
/** Ridge on the weights: keeps a measure that parts the set perfectly from growing without end. */
const ridge = 0.001;

const against = ({ weights, bias }: Fit, x: readonly number[]): number =>
  x.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), -bias);

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Mean gradient of the log loss: of each weight, then of the bias. */
const gradientOf = (
  fit: Fit,
  xs: readonly (readonly number[])[],
  junk: readonly boolean[],
): readonly number[] => {
  const d = fit.weights.length;
  const gradient = new Array<number>(d + 1).fill(0);
  for (const [i, x] of xs.entries()) {
    const error = (sigmoid(against(fit, x)) - (junk[i] ? 1 : 0)) / xs.length;
    for (let j = 0; j < d; j++) gradient[j] = (gradient[j] ?? 0) + error * (x[j] ?? 0);
    gradient[d] = (gradient[d] ?? 0) - error;
  }
  return gradient;
};

/** Full-batch projected gradient descent from zero: no randomness, so the same data give the same weights. */
export const fitLogistic = (xs: readonly (readonly number[])[], junk: readonly boolean[]): Fit => {
  let fit: Fit = { weights: new Array<number>(xs[0]?.length ?? 0).fill(0), bias: 0 };
  for (let step = 0; step < steps; step++) {
    const gradient = gradientOf(fit, xs, junk);
    fit = {
      weights: fit.weights.map((w, j) => Math.max(0, w - rate * ((gradient[j] ?? 0) + ridge * w))),
      bias: fit.bias - rate * (gradient.at(-1) ?? 0),
    };
  }
  return fit;
};
