/** A reader of Alloy's configuration language, as far as ours uses it: blocks, attributes, literals, references. */

/** What is not a literal (a reference, a call, a sum) stays text. */
export type Value =
  | string
  | number
  | boolean
  | { readonly text: string }
  | readonly Value[]
  | { readonly map: Readonly<Record<string, Value>> };

export type Block = {
  /** `loki.process`, `stage.regex` */
  readonly name: string;
  readonly label: string | null;
  readonly attributes: Readonly<Record<string, Value>>;
  /** In the order of the text: stages run in it. */
  readonly blocks: readonly Block[];
};

const token =
  /\s*(?:\/\/[^\n]*\s*)*("(?:[^"\\]|\\.)*"|`[^`]*`|[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*|\d+(?:\.\d+)?|[{}[\](),=+])/y;

const tokenize = (text: string): readonly string[] => {
  const tokens: string[] = [];
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    tokens.push(match[1]!);
    const end = token.lastIndex;
    if (/^\s*(?:\/\/[^\n]*\s*)*$/.test(text.slice(end))) return tokens;
  }
  const line = text.slice(0, token.lastIndex).split("\n").length;
  throw new Error(`not Alloy's syntax after ${tokens.slice(-3).join(" ")} (near line ${line})`);
};

const literal = (text: string): Value => {
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (text.startsWith("`")) return text.slice(1, -1);
  if (/^\d/.test(text)) return Number(text);
  return text === "true" || text === "false" ? text === "true" : { text };
};

/** @throws Error where the text is not what Alloy reads */
export const parseAlloy = (text: string): readonly Block[] => {
  const tokens = tokenize(text);
  let at = 0;
  const peek = (): string => tokens[at] ?? "";
  const take = (wanted?: string): string => {
    const got = tokens[at++] ?? "the end";
    if (wanted !== undefined && got !== wanted)
      throw new Error(`${wanted} expected, found ${got} after ${tokens.slice(Math.max(0, at - 4), at - 1)}`);
    return got;
  };

  const list = <T>(close: string, item: () => T): T[] => {
    const items: T[] = [];
    while (peek() !== close) {
      items.push(item());
      if (peek() !== close) take(",");
    }
    take(close);
    return items;
  };

  const pair = (): readonly [string, Value] => {
    const key = literal(take());
    take("=");
    return [typeof key === "string" ? key : (key as { text: string }).text, expression()];
  };

  const operand = (): Value => {
    const first = take();
    if (first === "[") return list("]", expression);
    if (first === "{") return { map: Object.fromEntries(list("}", pair)) };
    if (peek() !== "(") return literal(first);
    take("(");
    return { text: `${first}(${JSON.stringify(list(")", expression))})` };
  };

  const expression = (): Value => {
    let value = operand();
    while (peek() === "+") {
      take("+");
      value = { text: `${JSON.stringify(value)} + ${JSON.stringify(operand())}` };
    }
    return value;
  };

  const body = (end: string): Pick<Block, "attributes" | "blocks"> => {
    const attributes: Record<string, Value> = {};
    const blocks: Block[] = [];
    while (at < tokens.length && peek() !== end) {
      const name = take();
      if (peek() === "=") {
        take("=");
        attributes[name] = expression();
        continue;
      }
      const label = peek().startsWith('"') ? (JSON.parse(take()) as string) : null;
      take("{");
      blocks.push({ name, label, ...body("}") });
      take("}");
    }
    return { attributes, blocks };
  };

  const { attributes, blocks } = body("");
  if (Object.keys(attributes).length > 0)
    throw new Error(`attributes outside of blocks: ${Object.keys(attributes)}`);
  return blocks;
};
