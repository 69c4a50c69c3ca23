import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError, type FailureCode, isPermanent } from "../../lib/errors.ts";
import { chunkReader } from "../../lib/read/isolated.ts";
import { docxFiles, makeZip, odfFiles, xlsxFiles, type ZipFile } from "./make-zip.ts";
import { input, limits, noEmbedder, read, textOf } from "./reading.ts";

/** Documents that are made to harm, or are harmed: each is a typed failure, while the reader's memory stays flat. */

const mb = 1024 * 1024;
const tight = { ...limits, objectBytes: 50 * mb, decompressedBytes: 12 * mb, cells: 100_000, seconds: 60 };

const zeros = Buffer.alloc(10 * mb);
const packedZeros = deflateRawSync(zeros);
const hugeXml = (megabytes: number): string =>
  `<w:p><w:r><w:t>${"kite ".repeat((megabytes * mb) / 5)}</w:t></w:r></w:p>`;
const file = (name: string, content: string | Uint8Array): ZipFile => ({ name, content });
const nested = (depth: number): Buffer =>
  depth === 0 ? makeZip([file("kite.txt", "Kites rise.")]) : makeZip([file("in.zip", nested(depth - 1))]);
/** Text that does not pack well, so that only the sum is too much. */
const noise = (megabytes: number): string => {
  let state = 7;
  const words = Array.from({ length: (megabytes * mb) / 8 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state.toString(36).padStart(7, "0");
  });
  return words.join(" ");
};
const compound = (stream: string): Buffer =>
  Buffer.concat([
    Buffer.from("d0cf11e0a1b11ae1", "hex"),
    Buffer.alloc(1_000),
    Buffer.from(`${stream}\0`, "utf16le"),
    Buffer.alloc(500),
  ]);
const mail = (parts: string): string =>
  `From: a@example.org\nTo: b@example.org\nDate: Tue, 13 Jan 2026 09:15:00 +0100\nSubject: Kites\nMIME-Version: 1.0\n${parts}`;
const multiparts = (depth: number): string =>
  Array.from(
    { length: depth },
    (_, i) => `Content-Type: multipart/mixed; boundary="b${i}"\n\n--b${i}\n`,
  ).join("");
const attachment = (name: string, content: Uint8Array): string =>
  `--x\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename="${name}"\nContent-Transfer-Encoding: base64\n\n${Buffer.from(content).toString("base64")}\n`;
const withAttachments = (all: string): string =>
  mail(
    `Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/plain\n\nHello\n${all}--x--\n`,
  );
const broken = Buffer.from(makeZip(docxFiles("<w:p><w:r><w:t>Kites</w:t></w:r></w:p>")));

type Bomb = {
  readonly title: string;
  readonly key: string;
  readonly code: FailureCode;
  readonly make: () => string | Uint8Array;
  readonly says?: RegExp;
};

const bombs: readonly Bomb[] = [
  {
    title: "an archive of zeros",
    key: "a.zip",
    code: "DECOMPRESSION_BOMB",
    make: () => makeZip([{ name: "a.txt", content: zeros, packed: packedZeros }]),
    says: /400 times/,
  },
  {
    title: "archives that are too much together",
    key: "a.zip",
    code: "DECOMPRESSION_BOMB",
    make: () => {
      const inner = makeZip([file("a.txt", noise(3.5))]);
      return makeZip([file("1.zip", inner), file("2.zip", inner), file("3.zip", inner)]);
    },
    says: /decompressedBytes/,
  },
  {
    title: "archives in archives without end",
    key: "a.zip",
    code: "DECOMPRESSION_BOMB",
    make: () => nested(8),
    says: /archives deep/,
  },
  {
    title: "files that overlap in an archive",
    key: "a.zip",
    code: "DECOMPRESSION_BOMB",
    make: () => makeZip([file("a.txt", noise(2))], 40),
    says: /decompressedBytes/,
  },
  {
    title: "an archive that says less than it holds",
    key: "a.zip",
    code: "CORRUPT_DOCUMENT",
    make: () => makeZip([{ name: "a.txt", content: zeros, packed: packedZeros, says: { size: 100 } }]),
    says: /none of its 1 files/,
  },
  {
    title: "an archive that says more than it holds",
    key: "a.zip",
    code: "CORRUPT_DOCUMENT",
    make: () => makeZip([{ name: "a.txt", content: "Kites", says: { size: 4_000_000_000 } }]),
  },
  {
    title: "an archive of too many files",
    key: "a.zip",
    code: "DOCUMENT_TOO_LARGE",
    make: () => makeZip([file("a.txt", "")], 20_001),
    says: /20001 files/,
  },
  {
    title: "an archive with a wrong checksum",
    key: "a.zip",
    code: "CORRUPT_DOCUMENT",
    make: () => makeZip([{ name: "a.txt", content: "Kites", says: { checksum: 1 } }]),
    says: /checksum/,
  },
  {
    title: "an archive cut off",
    key: "a.zip",
    code: "CORRUPT_DOCUMENT",
    make: () => makeZip([file("a.txt", noise(1))]).subarray(0, 100_000),
    says: /no whole ZIP archive/,
  },
  {
    title: "a locked archive",
    key: "a.zip",
    code: "ENCRYPTED_DOCUMENT",
    make: () => makeZip([{ name: "a.txt", content: "Kites", says: { flags: 1 } }]),
  },
  { title: "an archive of nothing", key: "a.zip", code: "EMPTY_DOCUMENT", make: () => makeZip([]) },
  {
    title: "an archive of empty files",
    key: "a.zip",
    code: "EMPTY_DOCUMENT",
    make: () => makeZip([file("a.txt", ""), file("b.txt", "")]),
    says: /none of its 2 files/,
  },
  {
    title: "a Word document of one huge paragraph",
    key: "a.docx",
    code: "CORRUPT_DOCUMENT",
    make: () => makeZip(docxFiles(hugeXml(9).replace("kite ", noise(1)))),
    says: /one piece of text|times its size/,
  },
  {
    title: "a Word document that unpacks without end",
    key: "a.docx",
    code: "DECOMPRESSION_BOMB",
    make: () => makeZip(docxFiles("<w:p></w:p>".repeat(3_000_000))),
    says: /400 times|decompressedBytes/,
  },
  {
    title: "a Word document that nests without end",
    key: "a.docx",
    code: "CORRUPT_DOCUMENT",
    make: () => makeZip(docxFiles("<w:p>".repeat(50_000))),
    says: /nested more than 1000 deep/,
  },
  {
    title: "a Word document with two texts",
    key: "a.docx",
    code: "CORRUPT_DOCUMENT",
    make: () => makeZip([...docxFiles(""), ...docxFiles("").slice(1)]),
    says: /twice/,
  },
  {
    title: "a Word document without its text",
    key: "a.docx",
    code: "CORRUPT_DOCUMENT",
    make: () => makeZip([...docxFiles("").slice(0, 1), file("word/document2.xml", "<a/>")]),
    says: /has no part word\/document\.xml/,
  },
  {
    title: "a Word document whose text is cut off",
    key: "a.docx",
    code: "CORRUPT_DOCUMENT",
    make: () => makeZip(docxFiles("<w:p><w:r>")),
    says: /not valid XML/,
  },
  {
    title: "a Word document with damaged bytes",
    key: "a.docx",
    code: "CORRUPT_DOCUMENT",
    make: () => {
      const at = broken.indexOf("word/document.xml") + 25;
      return Buffer.concat([broken.subarray(0, at), Buffer.alloc(20, 0xff), broken.subarray(at + 20)]);
    },
  },
  {
    title: "prose called .docx",
    key: "a.docx",
    code: "CORRUPT_DOCUMENT",
    make: () => "Kites rise in warm air.",
    says: /does not begin like one/,
  },
  {
    title: "a workbook of too many cells",
    key: "a.xlsx",
    code: "DOCUMENT_TOO_LARGE",
    make: () => makeZip(xlsxFiles(`<row>${"<c/>".repeat(1_000)}</row>`.repeat(200))),
    says: /limits\.cells/,
  },
  {
    title: "a workbook of too many shared texts",
    key: "a.xlsx",
    code: "DOCUMENT_TOO_LARGE",
    make: () => makeZip(xlsxFiles("", "<si/>".repeat(200_000))),
    says: /limits\.cells/,
  },
  {
    title: "a workbook of blanks",
    key: "a.xlsx",
    code: "EMPTY_DOCUMENT",
    make: () =>
      makeZip(xlsxFiles('<row r="1"><c r="A1" t="inlineStr"><is><t>  </t></is></c><c r="B1"/></row>')),
  },
  {
    title: "a binary workbook",
    key: "a.xlsb",
    code: "UNSUPPORTED_TYPE",
    make: () => makeZip([file("xl/workbook.bin", "x")]),
    says: /save it as xlsx/,
  },
  {
    title: "a spreadsheet that repeats a row a million times",
    key: "a.ods",
    code: "DOCUMENT_TOO_LARGE",
    make: () =>
      makeZip(
        odfFiles(
          "spreadsheet",
          '<table:table table:name="One"><table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="1000"><text:p>x</text:p></table:table-cell></table:table-row></table:table>',
        ),
      ),
    says: /limits\.cells/,
  },
  {
    title: "a locked OpenDocument text",
    key: "a.odt",
    code: "ENCRYPTED_DOCUMENT",
    make: () => makeZip(odfFiles("text", "", true)),
  },
  {
    title: "a protected book",
    key: "a.epub",
    code: "ENCRYPTED_DOCUMENT",
    make: () =>
      makeZip([
        file("META-INF/container.xml", "<a/>"),
        file("META-INF/encryption.xml", '<e><EncryptionMethod Algorithm="aes128-cbc"/></e>'),
      ]),
    says: /DRM/,
  },
  {
    title: "XML that nests without end",
    key: "a.xml",
    code: "CORRUPT_DOCUMENT",
    make: () => "<a>".repeat(50_000),
    says: /nested/,
  },
  {
    title: "XML cut off",
    key: "a.xml",
    code: "CORRUPT_DOCUMENT",
    make: () => '<?xml version="1.0"?><a><b>Kites',
    says: /not valid XML/,
  },
  {
    title: "rich text that nests without end",
    key: "a.rtf",
    code: "CORRUPT_DOCUMENT",
    make: () => `{\\rtf1${"{".repeat(50_000)}`,
    says: /nested/,
  },
  {
    title: "rich text cut off",
    key: "a.rtf",
    code: "CORRUPT_DOCUMENT",
    make: () => "{\\rtf1\\ansi {\\b Kites",
    says: /cut off/,
  },
  {
    title: "a message that nests without end",
    key: "a.eml",
    code: "CORRUPT_DOCUMENT",
    make: () => mail(multiparts(500)),
  },
  {
    title: "a message of too many attachments",
    key: "a.eml",
    code: "DOCUMENT_TOO_LARGE",
    make: () => withAttachments(attachment("a.txt", Buffer.from("x")).repeat(201)),
    says: /201 attachments/,
  },
  {
    title: "a message with a bomb",
    key: "a.eml",
    code: "DECOMPRESSION_BOMB",
    make: () =>
      withAttachments(attachment("a.zip", makeZip([{ name: "a.txt", content: zeros, packed: packedZeros }]))),
  },
  {
    title: "a Word document of 1997",
    key: "a.doc",
    code: "UNSUPPORTED_TYPE",
    make: () => compound("WordDocument"),
    says: /97 to 2003 \(doc\); save it as docx/,
  },
  {
    title: "an Excel workbook of 1997",
    key: "a.xls",
    code: "UNSUPPORTED_TYPE",
    make: () => compound("Workbook"),
    says: /save it as xlsx/,
  },
  {
    title: "a PowerPoint presentation of 1997",
    key: "a.docx",
    code: "UNSUPPORTED_TYPE",
    make: () => compound("PowerPoint Document"),
    says: /save it as pptx/,
  },
  {
    title: "an Outlook message",
    key: "a.msg",
    code: "UNSUPPORTED_TYPE",
    make: () => compound("__properties_version1.0"),
    says: /save it as eml/,
  },
  {
    title: "a Word document with a password",
    key: "a.docx",
    code: "ENCRYPTED_DOCUMENT",
    make: () => compound("EncryptedPackage"),
    says: /needs a password/,
  },
];

describe("bombs and breakages", () => {
  const reader = chunkReader({
    modelsDir: fileURLToPath(new URL("../../models", import.meta.url)),
    model: "multilingual-e5-small",
    cut: { strategy: "recursive", size: 64, overlap: 8, rules: [] },
    maxBytes: 2_000,
    copies: null,
    maxChunks: 10_000,
    images: { gps: false },
    embedder: noEmbedder,
    ocr: null,
    heapMb: 256,
  });
  beforeAll(() => reader.warm());
  afterAll(() => reader.close());

  test.each(bombs)("$title: $code", async ({ key, code, make, says }) => {
    const bytes = Buffer.from(make());
    const before = process.memoryUsage.rss();
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 10);
    const failure = await reader.read(input(key, bytes, { limits: tight })).then(
      () => null,
      (error: unknown) => error,
    );
    clearInterval(watch);
    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(new RegExp(`^${key}`)) });
    expect(isPermanent(failure)).toBe(true);
    if (says) expect((failure as AppError).message).toMatch(says);
    // The thread's heap may fill to its bound; beside it only what was unpacked and not yet read is held.
    expect((most - before) / mb).toBeLessThan(300);
  });
});

describe("what only looks like harm is read", () => {
  const laughs = `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY lol${i + 1} "${`&lol${i === 0 ? "" : i};`.repeat(10)}">`).join("")}]>`;

  test("entities that unfold without end stay as they are written, in XML and in Word", async () => {
    expect(textOf(await read("a.xml", `<?xml version="1.0"?>${laughs}<a><b>&lol9; kite</b></a>`))).toBe(
      "b: &lol9; kite",
    );
    const word = makeZip(docxFiles("<w:p><w:r><w:t>&lol9; kite</w:t></w:r></w:p>", laughs));
    expect(textOf(await read("a.docx", word))).toBe("&lol9; kite");
  });

  test("entities that name a file on the machine are not fetched", async () => {
    const xml =
      '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY passwords SYSTEM "file:///etc/passwd">]><a><b>&passwords;</b></a>';
    expect(textOf(await read("a.xml", xml))).toBe("b: &passwords;");
  });

  test("names that point out of the archive are only names", async () => {
    const { blocks } = await read(
      "a.zip",
      makeZip([file("../../etc/passwd.txt", "Kites"), file("C:\\x\\y.txt", "Air")]),
    );
    expect(blocks.map(({ headings }) => headings)).toEqual([["etc/passwd.txt"], ["C:/x/y.txt"]]);
  });

  test("one file that cannot be read does not lose the others, and is named", async () => {
    const { blocks, metadata, notes } = await read(
      "a.zip",
      makeZip([
        file("1.txt", "Kites"),
        file("2.docx", "noise"),
        { name: "3.txt", content: "x", says: { checksum: 1 } },
        file("4.txt", "Air"),
      ]),
    );
    expect(blocks.map(({ text }) => text)).toEqual(["Kites", "Air"]);
    expect(notes).toEqual([
      "2.docx was not read (CORRUPT_DOCUMENT).",
      "3.txt was not read (CORRUPT_DOCUMENT).",
    ]);
    expect(metadata).toEqual({
      files: 4,
      unreadFiles: 2,
      unread: ["2.docx (CORRUPT_DOCUMENT)", "3.txt (CORRUPT_DOCUMENT)"],
    });
  });

  test("a cell in the last corner of a sheet takes no room", async () => {
    const rows =
      '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row><row r="1048576"><c r="XFD1048576"><v>3</v></c></row>';
    const text = textOf(await read("a.xlsx", makeZip(xlsxFiles(rows))));
    expect(text.replace(/[\s|]+/g, " ")).toBe("1 2 3");
    expect(text.length).toBeLessThan(60);
  });
});
