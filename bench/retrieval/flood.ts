import { seededRandom } from "../../lib/cluster/random.ts";
import type { Passage, TestSet } from "./data.ts";

const copies = 10;
/** Share of the words that a copy changes. */
const changed = 0.04;
const seed = 20_261_123;

/** Drops, doubles or swaps one word in twenty-five, as versions and scans of one document differ. */
const slightlyChanged = (text: string, random: () => number): string => {
  const words = text.split(" ");
  for (let at = 0; at < words.length; at++) {
    if (random() >= changed) continue;
    const [word = "", next = ""] = words.slice(at, at + 2);
    const edit = random();
    if (edit < 1 / 3) words[at] = "";
    else if (edit < 2 / 3) words[at] = `${word} ${word}`;
    else words.splice(at, 2, next, word);
  }
  return words.filter((word) => word !== "").join(" ");
};

const copiesOf = ({ id, group, text }: Passage, random: () => number): readonly Passage[] =>
  Array.from({ length: copies }, (_, copy) => ({
    id: `${id}~${copy}`,
    group,
    text: copy === 0 ? text : slightlyChanged(text, random),
  }));

/** Every document ten times: as it is, and nine times slightly changed. The same copies in every run. */
export const floodOf = ({ name, passages, questions }: TestSet): TestSet => {
  const random = seededRandom(seed);
  return {
    name: `${name} × ${copies}`,
    passages: passages.flatMap((passage) => copiesOf(passage, random)),
    questions,
  };
};
