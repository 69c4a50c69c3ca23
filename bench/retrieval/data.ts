import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { floodOf } from "./flood.ts";

/** A document of a test collection: one passage each. */
export type Passage = {
  readonly id: string;
  /** What judgments count in: near-copies of a document share it. */
  readonly group: string;
  readonly text: string;
};

export type Question = {
  readonly id: string;
  readonly text: string;
  /** Groups that answer it. */
  readonly relevant: ReadonlySet<string>;
  /** The words of the passage that answer it, where they are known. */
  readonly answer?: string;
};

export type TestSet = {
  readonly name: string;
  readonly passages: readonly Passage[];
  readonly questions: readonly Question[];
};

const entities: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
  "&quot;": '"',
  "&apos;": "'",
};
const decodeEntities = (xml: string): string =>
  xml.replace(/&(?:lt|gt|amp|quot|apos);/g, (e) => entities[e] ?? e);

const inner = (xml: string, tag: string): string =>
  decodeEntities(new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(xml)?.[1] ?? "")
    .replace(/\s+/g, " ")
    .trim();

const elements = (xml: string, tag: string): readonly string[] =>
  [...xml.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, "g"))].map(([, content]) => content ?? "");

/** The Cranfield 1400 collection in TREC XML. Grades of 1 and more are relevant; two documents are empty. */
const cranfield = (folder: string): TestSet => {
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const judged = new Map<string, Set<string>>();
  for (const line of read("cranqrel.trec.txt").split("\n")) {
    const [query, , document, grade] = line.trim().split(/\s+/);
    if (query === undefined || document === undefined || Number(grade) < 1) continue;
    judged.set(query, (judged.get(query) ?? new Set()).add(document));
  }
  const passages = elements(read("cran.all.1400.xml"), "doc").flatMap((xml) => {
    const [id, text] = [inner(xml, "docno"), inner(xml, "text")];
    return text === "" ? [] : [{ id, group: id, text }];
  });
  // The judgments count the queries in the order of the file, whatever number stands beside them.
  const questions = elements(read("cran.qry.xml"), "top").map((xml, index) => ({
    id: `${index + 1}`,
    text: inner(xml, "title"),
    relevant: judged.get(`${index + 1}`) ?? new Set<string>(),
  }));
  return { name: "cranfield", passages, questions };
};

type Squad = {
  readonly data: readonly {
    readonly paragraphs: readonly {
      readonly id: string;
      readonly context: string;
      readonly qas: readonly {
        readonly id: string;
        readonly question: string;
        readonly answers: readonly { readonly text: string }[];
      }[];
    }[];
  }[];
};

/** CMRC 2018 as retrieval: a question's own passage is the one that answers it. */
const cmrc = (folder: string): TestSet => {
  const { data } = JSON.parse(readFileSync(join(folder, "cmrc2018_dev.json"), "utf8")) as Squad;
  const paragraphs = data.flatMap((article) => article.paragraphs);
  return {
    name: "cmrc2018",
    passages: paragraphs.map(({ id, context }) => ({ id, group: id, text: context })),
    questions: paragraphs.flatMap(({ id, qas }) =>
      qas.map(({ id: question, question: text, answers: [answer] }) => ({
        id: question,
        text,
        relevant: new Set([id]),
        ...(answer && { answer: answer.text }),
      })),
    ),
  };
};

type Reader = { readonly marker: string; readonly read: (folder: string) => readonly TestSet[] };

/** A set is one line: the folder's name, the file that it is known by, and what it gives. */
const readers: Readonly<Record<string, Reader>> = {
  cranfield: {
    marker: "cran.all.1400.xml",
    read: (folder) => {
      const set = cranfield(folder);
      return [set, floodOf(set)];
    },
  },
  cmrc2018: { marker: "cmrc2018_dev.json", read: (folder) => [cmrc(folder)] },
};

/**
 * The sets at `path`: one set's folder, or the folder above.
 * @throws Error that says what was looked for.
 */
export const readSets = (path: string): readonly TestSet[] => {
  const sets = Object.entries(readers).flatMap(([name, { marker, read }]) =>
    [path, join(path, name)].filter((folder) => existsSync(join(folder, marker))).flatMap(read),
  );
  if (sets.length > 0) return sets;
  const wanted = Object.entries(readers).map(([name, { marker }]) => `${name}/${marker}`);
  throw new Error(`${path} has none of the test sets: ${wanted.join(", ")}`);
};
