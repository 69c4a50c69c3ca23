import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

const isFragment = (line: string): boolean => {
  if (/[.!?。！？；;，,：:]["'”’」]?$/.test(line) || /[：:|]/.test(line)) return false;
  const ideographs = line.match(/\p{Script=Han}/gu)?.length ?? 0;
  return ideographs > 0 ? ideographs <= 6 : line.split(/\s+/).length <= 3;
};

/** Share of lines of a word or three, as menus, forms and lists of tags have. */
export const fragments: Measure = {
  flagAt: 0.7,
  measure: ({ lines, kind }) => {
    if (kind !== "prose" || lines.length < 4) return 0;
    return clamp((lines.filter(isFragment).length / lines.length - 0.3) * 1.5);
  },
};
