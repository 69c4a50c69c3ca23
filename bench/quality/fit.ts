import { writeFileSync } from "node:fs";
import { type Measures, measuresOf, type Weights } from "../../lib/quality/quality.ts";
import { weighed } from "../../lib/quality/registry.ts";
import { pieceOf, readSet } from "./labelled-set.ts";
import { fitLogistic } from "./logistic.ts";

/** A chunk's measures with its label. */
export type Example = { readonly values: Measures; readonly junk: boolean };

/** Weights of the measures that are weighed; the others need none. */
export const fitWeights = (examples: readonly Example[]): Weights => {
  const { weights, bias } = fitLogistic(
    examples.map(({ values }) => weighed.map((name) => values[name])),
    examples.map(({ junk }) => junk),
  );
  return { bias, weights: Object.fromEntries(weighed.map((name, i) => [name, weights[i] ?? 0])) };
};

const source = ({ weights, bias }: Weights): string => `import type { Weights } from "./quality.ts";

/** Written by \`node bench/quality/fit.ts\`, from the labelled set; never by hand. */
export const fitted: Weights = {
  bias: ${Number(bias.toFixed(2))},
  weights: {
${weighed.map((name) => `    ${name}: ${Number((weights[name] ?? 0).toFixed(2))},`).join("\n")}
  },
};
`;

/** `node bench/quality/fit.ts` fits the weights that ship on the whole set; figures come from folds, see ../quality.ts. */
if (import.meta.main) {
  const examples = readSet().map((chunk) => ({
    values: measuresOf(pieceOf(chunk)),
    junk: chunk.label === "junk",
  }));
  writeFileSync(new URL("../../lib/quality/weights.ts", import.meta.url), source(fitWeights(examples)));
}
