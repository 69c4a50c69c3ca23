import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

const pageNumber = /(?:\d{1,4}|\b[ivxl]{1,6})$/i;
const leaders = /(?:[.·．]{3}|…)$/u;
/** `3.2 Title`, `第三章 标题`: with a number at its end, an entry even without leaders. */
const numbered =
  /^(?:\d+(?:\.\d+)*\.?|[IVX]+\.|第[\d一二三四五六七八九十]+[章节篇部]|chapter \d+|appendix \w)\s*\S.*\s$/iu;

/** A title, then leaders or room, then the number of a page. */
const isEntry = (line: string): boolean => {
  const page = pageNumber.exec(line);
  if (page === null) return false;
  const title = line.slice(0, page.index);
  if (!/\p{L}/u.test(title)) return false;
  return /\s\s$|\t$/.test(title) || leaders.test(title.replace(/\s/g, "")) || numbered.test(title);
};

export const tableOfContents: Measure = {
  flagAt: 0.5,
  measure: ({ lines, kind }) => {
    if (kind === "code" || lines.length < 3) return 0;
    return clamp((lines.filter(isEntry).length / lines.length - 0.2) * 1.6);
  },
};
