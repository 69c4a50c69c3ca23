export type Decoded = { readonly text: string; readonly confidence: number };

export type CtcOptions = {
  /** Of the classes from 1 on; the last is the space. */
  readonly characters: readonly string[];
  /** 1 for each class that may be read; blank always may. null: all. */
  readonly allowed: Uint8Array | null;
};

/**
 * Between words the model hesitates between "nothing" and "space", and mostly says nothing. Inside words a space has a
 * probability of .005 at the most, between words of .01 to .9, as measured on pages in six fonts (docs/formats-images.md).
 */
const spaceThreshold = 0.012;

/** Chinese is written without spaces, and nothing is parted from what closes it. */
const mayEndWord = /[^\p{Script=Han}\s]$/u;
const mayBeginWord = /^[^\p{Script=Han}\s.,;:!?)\]}%°，。；：！？）]/u;

type Step = { readonly best: number; readonly value: number };

const bestOf = (output: Float32Array, row: number, classes: number, allowed: Uint8Array | null): Step => {
  let best = 0;
  let value = output[row] ?? 0;
  for (let index = 1; index < classes; index++) {
    const probability = output[row + index] ?? 0;
    if (probability > value && (allowed === null || allowed[index] === 1)) {
      best = index;
      value = probability;
    }
  }
  return { best, value };
};

/**
 * Greedy decoding of connectionist temporal classification (Graves et al. 2006): the best class of each step, repeats
 * and blanks (class 0) left out. Between words without Chinese a likely space is taken although "nothing" is likelier.
 * @param output row-major `[steps, classes]` probabilities
 */
export const decodeCtc = (
  output: Float32Array,
  classes: number,
  { characters, allowed }: CtcOptions,
): Decoded => {
  let text = "";
  let sum = 0;
  let count = 0;
  let before = 0;
  let space = 0;
  const write = (character: string, value: number): void => {
    const parted = space > spaceThreshold && mayEndWord.test(text) && mayBeginWord.test(character);
    text += parted ? ` ${character}` : character;
    sum += value;
    count++;
  };
  for (let row = 0; row + classes <= output.length; row += classes) {
    const { best, value } = bestOf(output, row, classes, allowed);
    space = Math.max(space, output[row + classes - 1] ?? 0);
    if (best !== 0) {
      if (best !== before) write(characters[best - 1] ?? "", value);
      space = 0;
    }
    before = best;
  }
  return { text, confidence: count === 0 ? 0 : sum / count };
};
