import type { WriteStream } from "node:tty";

/** Lines, and below them in a terminal one live line that is rewritten in place. Elsewhere there are lines alone. */
export type Progress = {
  line(text: string): void;
  /** What is going on now; nothing without a terminal. */
  status(text: string): void;
  /** Takes the live line away. */
  end(): void;
};

/** East Asian wide characters and emoji take two columns. Source: Unicode UAX #11. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

const columnsOf = (character: string): number => (wide.test(character) ? 2 : 1);

/** The columns that a text takes in a terminal; it may hold no escape sequences. */
export const displayWidth = (text: string): number => {
  let columns = 0;
  for (const character of text) columns += columnsOf(character);
  return columns;
};

/** Cuts a text to so many columns, with an ellipsis where something is missing. */
export const fitColumns = (text: string, columns: number): string => {
  if (displayWidth(text) <= columns) return text;
  let fitted = "";
  let used = 1;
  for (const character of text) {
    used += columnsOf(character);
    if (used > columns) break;
    fitted += character;
  }
  return `${fitted}…`;
};

/** `━━━━━╌╌╌╌╌ 5/10` */
export const bar = (done: number, total: number, width = 20): string => {
  const filled = total === 0 ? width : Math.round((done / total) * width);
  return `${"━".repeat(filled)}${"╌".repeat(width - filled)} ${done}/${total}`;
};

const eraseLine = "\r\u001b[2K";

/** @param stream where to; a terminal gets the live line */
export const createProgress = (
  stream: NodeJS.WritableStream & Partial<Pick<WriteStream, "isTTY" | "columns">>,
): Progress => {
  let live = "";
  const draw = () => {
    if (live !== "") stream.write(fitColumns(live, (stream.columns || 80) - 1));
  };
  const erase = () => {
    if (live !== "") stream.write(eraseLine);
  };
  return {
    line: (text) => {
      erase();
      stream.write(`${text}\n`);
      draw();
    },
    status: (text) => {
      if (stream.isTTY !== true) return;
      erase();
      live = text.replaceAll("\n", " ");
      draw();
    },
    end: () => {
      erase();
      live = "";
    },
  };
};
