import { describe, expect, it } from "vitest";
import { bar, createProgress, displayWidth, fitColumns } from "../../cli/progress.ts";

const stream = (isTTY: boolean) => {
  const written: string[] = [];
  return {
    written,
    stream: Object.assign(Object.create(null) as NodeJS.WritableStream, {
      isTTY,
      columns: 20,
      write: (text: string) => written.push(text) > 0,
    }),
  };
};

describe("progress", () => {
  it("without a terminal there are plain lines and nothing else", () => {
    const { written, stream: out } = stream(false);
    const progress = createProgress(out);
    progress.status("working");
    progress.line("one");
    progress.end();
    expect(written).toEqual(["one\n"]);
  });

  it("in a terminal the live line stays below the lines and goes away at the end", () => {
    const { written, stream: out } = stream(true);
    const progress = createProgress(out);
    progress.status("working");
    progress.line("one");
    progress.end();
    expect(written.join("")).toBe("working\r\u001b[2Kone\nworking\r\u001b[2K");
  });

  it("the live line is cut to the width of the terminal, so that it can be erased", () => {
    const { written, stream: out } = stream(true);
    createProgress(out).status("知识库".repeat(10));
    expect(displayWidth(written.join(""))).toBeLessThanOrEqual(19);
  });
});

describe("columns of a terminal", () => {
  it.each([
    ["abc", 3],
    ["知识", 4],
    ["a知", 3],
    ["한글", 4],
    ["🫖", 2],
  ])("%s takes %d", (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });

  it("a text that fits stays as it is, another ends in an ellipsis", () => {
    expect(fitColumns("知识", 4)).toBe("知识");
    expect(fitColumns("知识库", 5)).toBe("知识…");
  });

  it("a bar is full only when all is done", () => {
    expect(bar(0, 4, 4)).toBe("╌╌╌╌ 0/4");
    expect(bar(4, 4, 4)).toBe("━━━━ 4/4");
    expect(bar(0, 0, 4)).toBe("━━━━ 0/0");
  });
});
