const dayMs = 86_400_000;

/** Number formats that Excel has by itself and that show a date or a time (ECMA-376 part 1, 18.8.30; 27 to 36 and 50 to 58 in East Asian locales). */
const isBuiltInDate = (id: number): boolean =>
  (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
const isBuiltInPercent = (id: number): boolean => id === 9 || id === 10;

export type NumberFormat = "date" | "percent" | "plain";

/** What a number format shows, by its code without quoted text, colours and escapes. */
export const numberFormat = (id: number, code: string | undefined): NumberFormat => {
  if (code === undefined) {
    if (isBuiltInDate(id)) return "date";
    return isBuiltInPercent(id) ? "percent" : "plain";
  }
  const bare = code.replace(/"[^"]*"|\[[^\]]*\]|[\\_*]./g, "").replace(/general/gi, "");
  if (/[ymdhs年月日]/i.test(bare)) return "date";
  return bare.includes("%") ? "percent" : "plain";
};

/** As a spreadsheet shows it, without the noise of binary fractions. */
const plainNumber = (value: number): string => String(Number(value.toPrecision(15)));

/**
 * A serial date as ISO text: days since 1899-12-30, or since 1904-01-01; a value under one day is a time.
 * https://learn.microsoft.com/office/dev/scripts (serial numbers of 1900 are one day off before March)
 */
const dateText = (value: number, is1904: boolean): string => {
  const start = is1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, value < 60 ? 31 : 30);
  const date = new Date(Math.round((start + value * dayMs) / 1000) * 1000);
  if (Number.isNaN(date.getTime())) return plainNumber(value);
  const [day = "", time = ""] = date.toISOString().split(/[T.]/);
  if (value < 1) return time;
  return time === "00:00:00" ? day : `${day} ${time}`;
};

/** The text of a cell that holds a number. */
export const numberText = (written: string, format: NumberFormat, is1904: boolean): string => {
  const value = Number(written);
  // Digits that a double cannot hold stay as they are written.
  if (written.trim() === "" || Number.isNaN(value)) return written.trim();
  if (format === "date" && value >= 0) return dateText(value, is1904);
  return format === "percent" ? `${plainNumber(value * 100)}%` : plainNumber(value);
};

/** 0-based column of a reference such as `AB12`; −1 where it names none. */
export const columnOf = (reference: string): number => {
  let column = 0;
  for (const letter of reference) {
    const code = letter.charCodeAt(0) & 0xdf;
    if (code < 65 || code > 90) break;
    column = column * 26 + code - 64;
  }
  return column - 1;
};
