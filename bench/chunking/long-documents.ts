import { sampleIndices, seededRandom } from "../../lib/cluster/random.ts";
import type { Block } from "../../lib/read/reader.ts";
import type { Passage, Question, TestSet } from "../retrieval/data.ts";

/** How passages stand in a document: with nothing between them, or each a paragraph. */
export type Joint = "flat" | "paragraphs";

/** `[start, end)` of a document's text. */
export type Span = { readonly documentId: string; readonly start: number; readonly end: number };

export type LongDocument = { readonly id: string; readonly blocks: readonly Block[] };

export type LongSet = {
  readonly name: string;
  readonly documents: readonly LongDocument[];
  /** What answers each: the words of the answer where they are known, else its passages. */
  readonly questions: readonly { readonly text: string; readonly spans: readonly Span[] }[];
};

const seed = 20_261_125;
/** Passages of a document. */
const [fewest, most] = [6, 18];
/** Of more questions every n-th is asked. */
const mostQuestions = 300;

const block = (text: string): Block => ({ kind: "text", text, header: "", headings: [], page: null });

/** Between two passages of one paragraph: Chinese has no blanks between sentences. */
const blank = (before: string): string => (/[ -~]$/.test(before) ? " " : "");

type Placed = Span & { readonly passage: Passage };

const joined = (
  id: string,
  passages: readonly Passage[],
  joint: Joint,
): readonly [LongDocument, readonly Placed[]] => {
  let text = "";
  const placed = passages.map((passage): Placed => {
    if (text !== "") text += joint === "flat" ? blank(text) : "\n\n";
    const start = text.length;
    text += passage.text;
    return { documentId: id, start, end: text.length, passage };
  });
  const blocks = joint === "flat" ? [block(text)] : passages.map((passage) => block(passage.text));
  return [{ id, blocks }, placed];
};

const spanOf = ({ documentId, start, end, passage }: Placed, { answer }: Question): Span => {
  const at = answer === undefined ? -1 : passage.text.indexOf(answer);
  if (answer === undefined || at < 0) return { documentId, start, end };
  return { documentId, start: start + at, end: start + at + answer.length };
};

/**
 * Passages of a test set, `sample` of them by a fixed seed, joined into long documents that go from one subject to
 * another. Questions that nothing answers in the sample are left out.
 */
export const longDocuments = (
  { name, passages, questions }: TestSet,
  sample: number,
  joint: Joint,
): LongSet => {
  const random = seededRandom(seed);
  const chosen = [...sampleIndices(passages.length, sample, random)].flatMap((at) => passages[at] ?? []);
  const documents: LongDocument[] = [];
  const places = new Map<string, Placed>();
  for (let from = 0; from < chosen.length; ) {
    const to = from + fewest + Math.floor(random() * (most - fewest + 1));
    const [document, placed] = joined(`${documents.length}`, chosen.slice(from, to), joint);
    documents.push(document);
    for (const each of placed) places.set(each.passage.group, each);
    from = to;
  }
  const answered = questions.flatMap((question) => {
    const spans = [...question.relevant]
      .flatMap((group) => places.get(group) ?? [])
      .map((each) => spanOf(each, question));
    return spans.length === 0 ? [] : [{ text: question.text, spans }];
  });
  const step = Math.ceil(answered.length / mostQuestions);
  return { name: `${name}, ${joint}`, documents, questions: answered.filter((_, at) => at % step === 0) };
};
