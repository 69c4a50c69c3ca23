import type { Readable, Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** Passwords come from a terminal, without echo, or from standard input; never from an argument, which every process of the machine can read. */

export type Terminal = {
  readonly input: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly output: Writable;
};

export const standardTerminal = (): Terminal => ({ input: process.stdin, output: process.stderr });

/** More than any password and its line end. */
const maxStdinBytes = 4_096;

/**
 * The lines of standard input, without their ends; a last empty one does not count.
 * @throws Error when there are not exactly as many as `wanted` names
 */
export const passwordLines = async (
  input: Readable,
  wanted: readonly string[],
): Promise<readonly string[]> => {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of input) {
    parts.push(Buffer.from(part));
    bytes += part.length;
    if (bytes > maxStdinBytes) throw new Error(`standard input holds more than ${wanted.join(" and ")}`);
  }
  const lines = Buffer.concat(parts).toString("utf8").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length !== wanted.length)
    throw new Error(
      `standard input must hold ${wanted.length === 1 ? "one line" : `${wanted.length} lines`} (${wanted.join(", then ")}), and has ${lines.length}`,
    );
  return lines;
};

type Typed = { readonly text: string; readonly ended: "enter" | "interrupt" | null };

/** One key more. */
const type = (text: string, key: string): Typed => {
  if (key === "\r" || key === "\n" || key === "\u0004") return { text, ended: "enter" };
  if (key === "\u0003") return { text: "", ended: "interrupt" };
  if (key === "\u0015") return { text: "", ended: null };
  if (key === "\u007f" || key === "\b") return { text: [...text].slice(0, -1).join(""), ended: null };
  return { text: key < " " ? text : text + key, ended: null };
};

/** What arrow and function keys send. */
const escapeKey = String.fromCharCode(27);
const escapeSequence = new RegExp(`${escapeKey}(?:\\[[0-9;?]*[@-~]|O.)?`, "g");

const typeAll = (text: string, piece: string): Typed => {
  let typed: Typed = { text, ended: null };
  for (const key of piece.replace(escapeSequence, "")) {
    typed = type(typed.text, key);
    if (typed.ended !== null) return typed;
  }
  return typed;
};

/**
 * Asks on the terminal, showing nothing of what is typed; the terminal is as before afterwards, whatever happens.
 * @throws Error `AbortError` on Ctrl-C
 */
export const askPassword = ({ input, output }: Terminal, prompt: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const decoder = new StringDecoder("utf8");
    let text = "";
    const end = (settle: () => void): void => {
      input.off("data", onData).off("end", onEnd);
      input.setRawMode?.(false);
      input.pause();
      output.write("\n");
      settle();
    };
    const onEnd = (): void =>
      end(() => reject(new Error("the terminal was closed before a password was given")));
    const onData = (bytes: Buffer): void => {
      const typed = typeAll(text, decoder.write(bytes));
      text = typed.text;
      if (typed.ended === "enter") end(() => resolve(text));
      if (typed.ended === "interrupt") end(() => reject(new DOMException("interrupted", "AbortError")));
    };
    // Echo is off before anything is asked for: what is typed ahead is not shown either.
    input.setRawMode?.(true);
    output.write(prompt);
    input.on("data", onData).on("end", onEnd);
    input.resume();
  });

/** Twice, so that nobody sets what he did not mean. @throws Error when the two differ */
export const askNewPassword = async (terminal: Terminal, name: string): Promise<string> => {
  const first = await askPassword(terminal, `New password of ${name}: `);
  if ((await askPassword(terminal, "Again: ")) === first) return first;
  throw new Error("the two passwords are not the same; nothing was changed");
};

/** @throws Error that says how else to give it */
export const needTerminal = (terminal: Terminal): void => {
  if (terminal.input.isTTY === true) return;
  throw new Error(
    "standard input is not a terminal: add --password-stdin and write the password to standard input",
  );
};
