import { expect, test } from "vitest";
import { wantsVectors } from "../../lib/chunk/registry.ts";
import { choiceFor, hasParents, strategiesIn } from "../../lib/chunk/rules.ts";

const others = { strategy: "recursive", size: 256, overlap: 32 };
const rules = [
  { prefix: "books/", strategy: "markdown" },
  { prefix: "books/slides/", strategy: "page", size: 400, overlap: 0 },
  { prefix: "报告/", size: 40 },
];

test.each([
  ["notes.txt", others],
  ["books/one.md", { strategy: "markdown", size: 256, overlap: 32 }],
  ["books/slides/one.pdf", { strategy: "page", size: 400, overlap: 0 }],
  ["报告/一.md", { strategy: "recursive", size: 40, overlap: 20 }],
  ["old/books/one.md", others],
])("%s is cut by the rule with the longest prefix, whatever their order", (key, choice) => {
  expect(choiceFor(key, rules, others)).toEqual(choice);
  expect(choiceFor(key, rules.toReversed(), others)).toEqual(choice);
});

test("parents are those of a rule where it names them or says that there are none, else those of all others", () => {
  const parent = { tokens: 1_024 };
  const own = [
    { prefix: "a/", size: 100 },
    { prefix: "b/", parent: null },
    { prefix: "c/", parent: { tokens: 2_048 } },
  ];
  const parentOf = (key: string) => choiceFor(key, own, { ...others, parent }).parent;
  expect(["x", "a/x", "b/x", "c/x"].map(parentOf)).toEqual([parent, parent, null, { tokens: 2_048 }]);
  expect(choiceFor("a/x", own, others).parent).toBeUndefined();
});

test.each([
  [{ parent: null, rules: [{ prefix: "a/" }] }, false],
  [{ parent: { tokens: 512 }, rules: [] }, true],
  [
    {
      rules: [
        { prefix: "a/", parent: null },
        { prefix: "b/", parent: { tokens: 512 } },
      ],
    },
    true,
  ],
])("parents are there where some document has them: %j", (chunking, there) => {
  expect(hasParents(chunking)).toBe(there);
});

test("strategies in use are those of the rules, too, each once", () => {
  expect(
    strategiesIn({ strategy: "recursive", rules: [...rules, { prefix: "a", strategy: "page" }] }),
  ).toEqual(["markdown", "page", "recursive"]);
});

test.each([
  [{ strategy: "recursive", rules: [{ prefix: "a", strategy: "page" }] }, false],
  [{ strategy: "semantic", rules: [] }, true],
  [{ strategy: "recursive", rules: [{ prefix: "a", strategy: "cluster" }] }, true],
] as const)("vectors are wanted where some rule wants them: %j", (chunking, wanted) => {
  expect(wantsVectors(chunking)).toBe(wanted);
});
