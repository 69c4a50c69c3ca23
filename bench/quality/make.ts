import { writeFileSync } from "node:fs";
import { seededRandom } from "../../lib/cluster/random.ts";
import { badScan, blob, dump, gibberish, mojibake, ornaments, withHidden } from "./damage.ts";
import { type LabelledChunk, setFile } from "./labelled-set.ts";
import { type Language, readSeeds } from "./seeds.ts";

/** What varies between the two languages beside the seeds. */
const words = {
  en: { leader: ".", columns: ["Station", "Month", "Birds"], year: (n: number) => `(${n})` },
  zh: { leader: "…", columns: ["站点", "月份", "数量"], year: (n: number) => `${n}` },
} as const;

type Maker = {
  readonly language: Language;
  readonly random: () => number;
  readonly seeds: (kind: string) => readonly string[];
  readonly seed: (kind: string, nth: number) => string;
  readonly below: (n: number) => number;
};

const table = ({ language, seed, below }: Maker, nth: number): string => {
  const rows = Array.from({ length: 5 }, (_, i) =>
    [seed("author", nth + i), 1 + below(12), nth % 2 === 0 ? below(900) : (below(9000) / 10).toFixed(1)].join(
      " | ",
    ),
  );
  return [words[language].columns.join(" | "), ...rows].join("\n");
};

const contents = ({ language, seed, below }: Maker, nth: number): string => {
  let page = 1;
  return Array.from({ length: 8 }, (_, i) => {
    page += 1 + below(9);
    const title = seed("title", nth + 5 * i);
    if (nth % 3 === 1) return `${1 + (i >> 1)}.${1 + (i % 2)} ${title} ${page}`;
    const leader = (nth % 3 === 2 ? " ." : words[language].leader).repeat(4 + below(12));
    return `${title} ${leader} ${page}`;
  }).join("\n");
};

const reference = ({ language, seed, below }: Maker, nth: number, style: number): string => {
  const [first, second] = [seed("author", nth), seed("author", nth + 3)];
  const title = seed("paper", nth + 5 * style);
  const [year, volume, page] = [1970 + below(50), 1 + below(60), 1 + below(400)];
  if (language === "zh")
    return style % 2 === 0
      ? `[${1 + nth}] ${first},${second}.${title}[J].水利学报,${year},${volume}(${1 + below(6)}):${page}-${page + 9}.`
      : `[${1 + nth}] ${first}.${title}[M].北京:科学出版社,${year}.`;
  return style % 2 === 0
    ? `[${1 + nth}] ${first} and ${second}, "${title}," Journal of Field Studies, vol. ${volume}, pp. ${page}–${page + 9}, ${year}.`
    : `${first} & ${second} (${year}). ${title}. Proc. Field Soc. ${volume}(${1 + below(6)}), ${page}-${page + 9}.`;
};

const junkKinds: Readonly<Record<string, readonly [number, (maker: Maker, nth: number) => string]>> = {
  short: [12, ({ seed }, nth) => seed("short", nth)],
  menu: [10, ({ seed }, nth) => seed("menu", nth)],
  notice: [10, ({ seed }, nth) => seed("notice", nth)],
  form: [6, ({ seed }, nth) => seed("form", nth)],
  repeat: [
    8,
    ({ seed, below }, nth) =>
      Array.from(
        { length: 6 + below(9) },
        (_, i) => seed("repeat", nth) + (nth % 2 === 0 ? "" : ` ${i + 1}`),
      ).join("\n"),
  ],
  stuffed: [
    8,
    ({ seed, language }, nth) =>
      Array.from({ length: 9 }, () => seed("phrase", nth)).join(language === "en" ? " " : ","),
  ],
  contents: [8, contents],
  references: [
    8,
    (maker, nth) => Array.from({ length: 6 }, (_, i) => reference(maker, nth + i, nth)).join("\n"),
  ],
  mojibake: [
    10,
    ({ seed, language, random }, nth) => mojibake(seed("prose", 2 * nth), language, nth, random),
  ],
  scan: [8, ({ seed, language, random }, nth) => badScan(seed("prose", 2 * nth + 1), language, random)],
  gibberish: [8, ({ language, random }) => gibberish(language, random)],
  ornaments: [6, ({ random }, nth) => ornaments(nth, random)],
  dump: [6, ({ random }) => dump(random)],
  blob: [6, ({ random }, nth) => blob(nth, random)],
  hidden: [8, ({ seed }, nth) => withHidden(seed("prose", 3 * nth), seed("hidden", nth), nth)],
};

const seededGood = ["prose", "cut", "wrapped", "headed", "fact", "question", "list", "poem", "code", "mixed"];

const goodOf = (maker: Maker): LabelledChunk[] => {
  const { language, seeds, seed } = maker;
  const chunk = (kind: string, text: string, source: string): LabelledChunk => ({
    text,
    label: "good",
    kind,
    language,
    source: `${language} ${source}`,
    modality: kind === "table" ? "table" : "text",
  });
  const seeded = seededGood.flatMap((kind) =>
    seeds(kind).map((text, i) => chunk(kind, text, `${kind} ${i}`)),
  );
  const joined = Array.from({ length: 20 }, (_, i) => {
    const middle = language === "en" && i % 2 === 0 ? " " : "\n\n";
    return chunk("long", seed("prose", i) + middle + seed("prose", i + 7), `prose ${i}`);
  });
  const tables = Array.from({ length: 10 }, (_, i) => chunk("table", table(maker, i), `table ${i}`));
  return [...seeded, ...joined, ...tables];
};

/** A chunk made of good text is in the fold of that text, so that no test ever sees a text that it was fitted on. */
const sourceOf = (kind: string, nth: number, prose: number): string => {
  const from: Readonly<Record<string, number>> = { mojibake: 2 * nth, scan: 2 * nth + 1, hidden: 3 * nth };
  const index = from[kind];
  return index === undefined ? `${kind} ${nth}` : `prose ${index % prose}`;
};

const junkOf = (maker: Maker): LabelledChunk[] =>
  Object.entries(junkKinds).flatMap(([kind, [count, make]]) =>
    Array.from({ length: count }, (_, nth): LabelledChunk => {
      const source = sourceOf(kind, nth, maker.seeds("prose").length);
      const text = make(maker, nth);
      const confidence = kind === "scan" && nth % 2 === 0 ? { confidence: 0.35 + 0.02 * nth } : {};
      return {
        text,
        label: "junk",
        kind,
        language: maker.language,
        source: `${maker.language} ${source}`,
        modality: "text",
        ...confidence,
      };
    }),
  );

/** The labelled set: the same on every machine. */
export const makeSet = (): readonly LabelledChunk[] =>
  (["en", "zh"] as const).flatMap((language) => {
    const all = readSeeds(language);
    const random = seededRandom(language === "en" ? 1 : 2);
    const seeds = (kind: string) => all.get(kind) ?? [];
    const seed = (kind: string, nth: number) => seeds(kind)[nth % seeds(kind).length] ?? "";
    const maker = { language, random, seeds, seed, below: (n: number) => Math.floor(random() * n) };
    return [...goodOf(maker), ...junkOf(maker)];
  });

/** `node bench/quality/make.ts` writes the set that the benchmark reads. */
if (import.meta.main)
  writeFileSync(
    setFile,
    `${makeSet()
      .map((chunk) => JSON.stringify(chunk))
      .join("\n")}\n`,
  );
