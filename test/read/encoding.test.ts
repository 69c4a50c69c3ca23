import { describe, expect, test } from "vitest";
import { decodeText } from "../../lib/read/decode.ts";
import { detectEncoding } from "../../lib/read/encoding.ts";
import { fixture, input, read, textOf } from "./reading.ts";

const chinese = "第一群鸢出现在山脊上空，共四十二只。";
const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));

describe("documents in any encoding give the same text", () => {
  test.each([
    ["gb18030.txt", "gb18030", chinese],
    ["utf16le-bom.txt", "utf-16le", chinese],
    ["utf16be.txt", "utf-16be", chinese],
    ["utf16le-english.txt", "utf-16le", "The café on the pier"],
    ["windows-1252.txt", "windows-1252", "The café on the pier"],
    ["big5.txt", "big5", "第一群鳶出現在山脊上空。"],
    ["shift-jis.txt", "shift_jis", "最初の群れが尾根の上に現れました。"],
    ["utf8-bom.txt", undefined, chinese],
  ])("%s", async (name, encoding, sentence) => {
    const document = await read(name);
    expect(textOf(document)).toContain(sentence);
    expect(textOf(document)).not.toMatch(/[\ufeff\ufffd]/);
    expect(document.metadata.encoding).toBe(encoding);
    expect(document.metadata).not.toHaveProperty("invalidSequences");
  });
});

test("a mark at the start wins over what is declared", () => {
  expect(detectEncoding(fixture("utf16le-bom.txt"), "text/plain; charset=utf-8")).toBe("utf-16le");
});

test("a wrong declaration does not turn valid UTF-8 into something else", () => {
  expect(detectEncoding(Buffer.from(chinese), "text/plain; charset=gb2312")).toBe("utf-8");
});

test("a declaration decides between encodings that both fit", () => {
  const greek = Buffer.from([0xca, 0xe1, 0xeb, 0xe7, 0xec, 0xdd, 0xf1, 0xe1]);
  expect(detectEncoding(greek, "text/plain; charset=iso-8859-7")).toBe("iso-8859-7");
  const page = bytes('<meta charset="iso-8859-7"><p>', [...greek], "</p>");
  expect(detectEncoding(page, "text/html")).toBe("iso-8859-7");
});

test("Chinese that only begins after pages of ASCII is still found", () => {
  const late = bytes("plain ascii, line after line\n".repeat(10_000), [...fixture("gb18030.txt")]);
  expect(decodeText(input("late.txt", late)).text).toContain(chinese);
});

test("a few Chinese characters in GB18030 are enough", () => {
  expect(decodeText(input("short.txt", Uint8Array.of(0xc4, 0xe3, 0xba, 0xc3))).text).toBe("你好");
});

test("characters beyond the first plane survive GB18030's four-byte form", () => {
  const bytesOfKite = Buffer.concat([fixture("gb18030.txt"), Uint8Array.of(0x95, 0x32, 0x82, 0x36)]);
  expect(decodeText(input("rare.txt", bytesOfKite)).text.endsWith("\u{20000}")).toBe(true);
});

test("broken sequences are replaced where they stand, counted and reported", async () => {
  const document = await read("damaged.txt");
  expect(textOf(document)).toContain("出现在\ufffd上空");
  expect(document.metadata.invalidSequences).toBe(1);
});

test("a document about U+FFFD is not damaged", () => {
  expect(decodeText(input("about.txt", "\ufffd stands for what cannot be decoded")).invalid).toBe(0);
});

test("a text with every tenth character broken is corrupt, not a text with gaps", async () => {
  const noise = bytes(...Array.from({ length: 60 }, () => ["鸢群在气流中盘旋。", [0xff]] as const).flat());
  await expect(read("noise.txt", noise)).rejects.toMatchObject({
    code: "CORRUPT_DOCUMENT",
    message: expect.stringMatching(/^noise\.txt: 60 byte sequences are not valid utf-8/),
  });
});

test("line ends are one character, whoever wrote them", () => {
  expect(decodeText(input("a.txt", "a\r\nb\rc\nd")).text).toBe("a\nb\nc\nd");
});
