import { decodeText } from "./decode.ts";
import type { Block, Reader } from "./reader.ts";

/** Languages by extension. */
export const languages: Readonly<Record<string, string>> = {
  c: "C",
  h: "C",
  cc: "C++",
  cpp: "C++",
  hpp: "C++",
  cs: "C#",
  css: "CSS",
  dart: "Dart",
  ex: "Elixir",
  go: "Go",
  graphql: "GraphQL",
  groovy: "Groovy",
  ini: "INI",
  java: "Java",
  js: "JavaScript",
  jsx: "JavaScript",
  mjs: "JavaScript",
  cjs: "JavaScript",
  jl: "Julia",
  kt: "Kotlin",
  lua: "Lua",
  m: "MATLAB",
  php: "PHP",
  pl: "Perl",
  proto: "Protocol Buffers",
  ps1: "PowerShell",
  py: "Python",
  r: "R",
  rb: "Ruby",
  rs: "Rust",
  scala: "Scala",
  scss: "SCSS",
  sh: "Shell",
  bash: "Shell",
  sql: "SQL",
  swift: "Swift",
  tf: "Terraform",
  toml: "TOML",
  ts: "TypeScript",
  tsx: "TypeScript",
  vue: "Vue",
  yaml: "YAML",
  yml: "YAML",
};

/** A definition at the left margin, by the words that most languages use; its name is the heading. */
const definition =
  /^(?:(?:export|default|public|private|protected|internal|static|abstract|final|async|pub(?:\([a-z]+\))?|open|data|sealed|unsafe|inline|extern|create(?: or replace)?|local)\s+)*(?:class|interface|struct|enum|trait|impl|type|record|object|namespace|module|def|function\*?|func|fn|fun|sub|proc|procedure|table|view|message|service|resource|const|var|let)\s+(?:\([^)]*\)\s*)?["'`]?([\p{L}_$][\p{L}\p{N}_$.:-]*)/iu;
const comment = /^(?:\/\/|\/\*|\*|#|--|;|@|"""|''')/;

/** Where a definition begins: its comments and decorators right above belong to it. */
const startOf = (lines: readonly string[], at: number): number => {
  let start = at;
  while (start > 0 && comment.test((lines[start - 1] ?? "").trimStart())) start--;
  return start;
};

const codeBlocks = (text: string): readonly Block[] => {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let from = 0;
  let name = "";
  const cut = (to: number): void => {
    const part = lines
      .slice(from, to)
      .join("\n")
      .replace(/^\n+|\s+$/g, "");
    if (part !== "")
      blocks.push({ kind: "code", text: part, page: null, headings: name === "" ? [] : [name], header: "" });
    from = to;
  };
  for (const [index, line] of lines.entries()) {
    const found = definition.exec(line)?.[1]?.replace(/[:.]+$/, "");
    if (found === undefined) continue;
    cut(Math.max(from, startOf(lines, index)));
    name = found;
  }
  cut(lines.length);
  return blocks;
};

const extensionOf = (key: string): string => /\.([a-z0-9]+)$/i.exec(key)?.[1]?.toLowerCase() ?? "";

/** Source code as it stands, cut at definitions at the left margin, each under its name. */
export const codeReader: Reader = {
  version: 1,
  read: async (input) => {
    const { text, metadata } = decodeText(input);
    const programmingLanguage = languages[extensionOf(input.key)];
    const own = programmingLanguage === undefined ? {} : { programmingLanguage };
    return { blocks: codeBlocks(text), metadata: { ...metadata, ...own } };
  },
};
