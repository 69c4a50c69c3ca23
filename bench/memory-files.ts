import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, createDeflateRaw } from "node:zlib";
import { makeZip, xlsxFiles, type ZipFile } from "../test/read/make-zip.ts";

/** Workbooks of a wanted size, made once and kept: the same every time. */

const mb = 1024 * 1024;

const randoms = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

const words =
  "harbour tide kite valley copper meadow signal orchard lantern granite ferry willow ledger engine barley compass".split(
    " ",
  );

/** Rows as an export of measurements has them: a date, two words, five numbers. */
const rowsFrom = (next: () => number, first: number, count: number): string =>
  Array.from({ length: count }, (_, i) => {
    const word = (): string => words[Math.floor(next() * words.length)] ?? "";
    const numbers = Array.from({ length: 5 }, () => `<c><v>${(next() * 10_000).toFixed(3)}</v></c>`).join("");
    return `<row r="${first + i}"><c t="inlineStr"><is><t>${word()} ${word()}</t></is></c><c t="str"><v>2026-0${1 + Math.floor(next() * 9)}-11</v></c>${numbers}</row>`;
  }).join("");

/** One sheet, packed as it is made, until the archive is large enough or there are `mostRows`. */
const packSheet = async (bytes: number, mostRows: number): Promise<ZipFile & { readonly packed: Buffer }> => {
  const next = randoms(11);
  const deflate = createDeflateRaw({ level: 6 });
  const parts: Buffer[] = [];
  let packed = 0;
  let size = 0;
  let checksum = 0;
  deflate.on("data", (part: Buffer) => {
    parts.push(part);
    packed += part.length;
  });
  const write = async (text: string): Promise<void> => {
    const raw = Buffer.from(text);
    size += raw.length;
    checksum = crc32(raw, checksum);
    if (!deflate.write(raw)) await new Promise((resolve) => deflate.once("drain", resolve));
  };
  await write("<worksheet><sheetData>");
  for (let row = 1; packed < bytes && row <= mostRows; row += 500) await write(rowsFrom(next, row, 500));
  await write("</sheetData></worksheet>");
  await new Promise<void>((resolve) => {
    deflate.once("end", resolve);
    deflate.end();
  });
  return {
    name: "xl/worksheets/sheet1.xml",
    content: "",
    packed: Buffer.concat(parts),
    says: { size, checksum },
  };
};

/** Bytes that do not pack, as pictures are. */
const picture = (bytes: number): Buffer => {
  const blocks: Buffer[] = [];
  for (let at = 0; at * 64 < bytes; at++) blocks.push(createHash("sha512").update(String(at)).digest());
  return Buffer.concat(blocks);
};

/**
 * The path of a workbook of some `megabytes`.
 * @param mostRows fewer rows than would fill it leave the rest to pictures
 */
export const workbook = async (folder: string, megabytes: number, mostRows: number): Promise<string> => {
  const path = join(folder, `workbook-${megabytes}-${mostRows}.xlsx`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const sheet = await packSheet(megabytes * mb, mostRows);
  const rest = megabytes * mb - sheet.packed.length;
  const pictures = rest > 0 ? [{ name: "xl/media/image1.jpeg", content: picture(rest) }] : [];
  const parts = xlsxFiles("").filter(({ name }) => name !== sheet.name);
  writeFileSync(`${path}.part`, makeZip([...parts, sheet, ...pictures]));
  renameSync(`${path}.part`, path);
  return path;
};

const sentence = (next: () => number): string =>
  Array.from({ length: 11 }, () => words[Math.floor(next() * words.length)]).join(" ");

/** The path of a PDF of so many full pages, each with a running head, a heading and 50 lines in Helvetica. */
export const bigPdf = async (folder: string, pages: number): Promise<string> => {
  const path = join(folder, `pages-${pages}.pdf`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const next = randoms(7);
  const objects: string[] = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Count ${pages} /Kids [${Array.from({ length: pages }, (_, page) => `${4 + 2 * page} 0 R`).join(" ")}] >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  for (let page = 0; page < pages; page++) {
    const lines = Array.from({ length: 50 }, () => `(${sentence(next)}) Tj T*`).join("\n");
    const content = `BT /F1 9 Tf 60 810 Td (Register of the harbour, page ${page + 1}) Tj /F1 15 Tf 0 -40 Td (Day ${page + 1}) Tj /F1 10 Tf 14 TL 0 -24 Td\n${lines}\nET`;
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + 2 * page} 0 R >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    );
  }
  const parts = ["%PDF-1.4\n"];
  const offsets: number[] = [];
  let at = parts[0]?.length ?? 0;
  for (const [index, object] of objects.entries()) {
    const part = `${index + 1} 0 obj\n${object}\nendobj\n`;
    offsets.push(at);
    parts.push(part);
    at += part.length;
  }
  const entries = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  parts.push(
    `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`,
  );
  writeFileSync(`${path}.part`, parts.join(""), "latin1");
  renameSync(`${path}.part`, path);
  return path;
};
