import { flatMetadata } from "../metadata.ts";

/** `D:20260314093000+08'00'` (ISO 32000, 7.9.4) to ISO 8601; undefined where it is no date. */
const isoDate = (value: unknown): string | undefined => {
  const match = /^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-])(\d\d)'?(\d\d)?)?/.exec(
    String(value ?? ""),
  );
  if (!match) return undefined;
  const [
    ,
    year,
    month = "01",
    day = "01",
    hour = "00",
    minute = "00",
    second = "00",
    sign,
    zone,
    zoneMinute = "00",
  ] = match;
  const offset = sign === undefined ? "Z" : `${sign}${zone}:${zoneMinute}`;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

/** What programs write where nobody gave a title or an author. */
const placeholders = /^(?:untitled|anonymous|unspecified|unknown|\(.*\))?$/i;

const given = (value: unknown): string | undefined =>
  typeof value === "string" && !placeholders.test(value.trim()) ? value : undefined;

/** Of the document information dictionary. */
export const pdfMetadata = (info: Readonly<Record<string, unknown>>) =>
  flatMetadata({
    title: given(info.Title),
    author: given(info.Author),
    subject: given(info.Subject),
    keywords: given(info.Keywords),
    language: given(info.Language),
    created: isoDate(info.CreationDate),
    modified: isoDate(info.ModDate),
  });
