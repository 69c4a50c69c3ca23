import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entryKey, entryPrefix, escapeKey } from "../../lib/ledger/entry-key.ts";

/** Keys made of what is dangerous in a URL path, an XML body, or a cut. */
const hostile = fc.string({
  unit: fc.constantFrom(..."/.%~\\ab中🪁 \u0000\u001f\u007f\u0085\uffff+?#&"),
  minLength: 1,
  maxLength: 40,
});
const anyKey = fc.oneof(hostile, fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }));
const longKey = fc.tuple(anyKey, fc.integer({ min: 1, max: 60 })).map(([part, times]) => part.repeat(times));

describe("escapeKey", () => {
  it.each([
    ["plain/name.txt", "plain/name.txt"],
    ["中文/文件.pdf", "中文/文件.pdf"],
    ["a/../b", "a/%2E./b"],
    ["../etc", "%2E./etc"],
    ["./a", "%2E/a"],
    [".hidden", "%2Ehidden"],
    ["/absolute", "%2Fabsolute"],
    ["a//b///c", "a/%2Fb/%2F%2Fc"],
    ["a//.b", "a/%2F%2Eb"],
    ["100%", "100%25"],
    ["a%2Fb", "a%252Fb"],
    ["back\\slash", "back%5Cslash"],
    ["tab\tnul\u0000", "tab%09nul%00"],
    ["next\u0085line", "next%C2%85line"],
    ["a~b", "a%7Eb"],
    ["folder/", "folder/"],
    ["a.b/c.d", "a.b/c.d"],
  ])("%j becomes %j", (key, escaped) => {
    expect(escapeKey(key)).toBe(escaped);
  });

  it("the escape of every prefix is a prefix of the escape", () => {
    fc.assert(
      fc.property(anyKey, fc.nat(60), (key, length) => {
        const prefix = [...key].slice(0, length).join("");
        expect(escapeKey(key).startsWith(escapeKey(prefix))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("entryKey", () => {
  it("survives what a URL does to a path", () => {
    fc.assert(
      fc.property(longKey, (key) => {
        const name = entryKey(key);
        const encoded = name.split("/").map(encodeURIComponent).join("/");
        const { pathname } = new URL(`http://host/bucket/${encoded}`);
        expect(decodeURIComponent(pathname)).toBe(`/bucket/${name}`);
      }),
      { numRuns: 500 },
    );
  });

  it("fits in a key of S3, however long the object's key", () => {
    fc.assert(
      fc.property(longKey, (key) => {
        expect(Buffer.byteLength(entryKey(key))).toBeLessThanOrEqual(1024);
      }),
      { numRuns: 300 },
    );
  });

  it("different keys never share an entry", () => {
    fc.assert(
      fc.property(longKey, longKey, (a, b) => {
        fc.pre(a !== b);
        expect(entryKey(a)).not.toBe(entryKey(b));
      }),
      { numRuns: 500 },
    );
    const long = "x".repeat(1012);
    expect(entryKey(`${long}1`)).not.toBe(entryKey(`${long}2`));
    expect(entryKey(long)).toBe(`ledger/${long}.json`);
    expect(entryKey(`${long}1`)).toMatch(/^ledger\/x{979}~[0-9a-f]{32}\.json$/);
  });

  it("is listed under every prefix of its object's key, cut or not", () => {
    fc.assert(
      fc.property(longKey, fc.nat(2000), (key, length) => {
        const prefix = [...key].slice(0, length).join("");
        expect(entryKey(key).startsWith(entryPrefix(prefix))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
