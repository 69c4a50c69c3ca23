import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

const marks =
  /^\s*\[\d+\]|^\s*\d{1,3}\.\s+\p{Lu}[\p{L}'-]+,|\(\d{4}[a-z]?\)|,\s(?:19|20)\d{2}[.,;]|\bet al\b|\bdoi\b|\barXiv\b|\bpp?\.\s*\d+|\bvol\.|\bno\.\s*\d+|\beds?\.|\bProc(?:eedings|\.)|\bJournal of\b|\bUniversity Press\b|\[[JMDCN](?:\/OL)?\]|出版社|学报|[,，]\s?\d+\s?\(\d+\)\s?[:：]|\b\d+\s?[-–]\s?\d+\./giu;
/** Text that cites has a mark in forty words; a list of references has one in six. */
const wordsPerMark = 14;

/** Density of what entries of a bibliography are made of. */
export const references: Measure = {
  flagAt: 0.6,
  measure: ({ text, words, kind }) => {
    if (kind !== "prose" || words.length < 8) return 0;
    const found = text.split("\n").reduce((sum, line) => sum + (line.match(marks)?.length ?? 0), 0);
    return found < 3 ? 0 : clamp((found * wordsPerMark) / words.length - 0.4);
  },
};
