import { createInterface } from "node:readline/promises";

const ask = async (question: string): Promise<string> => {
  if (!process.stdin.isTTY)
    throw new Error("standard input is not a terminal: add --yes to go on without being asked");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
};

/**
 * Asks for the name of what is to be destroyed; `yes` answers in advance.
 * @throws Error where nobody can be asked, or another name is given
 */
export const confirmByName = async (name: string, yes: boolean | undefined): Promise<void> => {
  if (!yes && (await ask(`Type ${name} to go on: `)) !== name) throw new Error("nothing was changed");
};

/**
 * Asks before something is destroyed; `yes` answers in advance.
 * @throws Error where nobody can be asked, or the answer is not yes
 */
export const confirm = async (question: string, yes: boolean | undefined): Promise<void> => {
  if (!yes && !/^y(es)?$/i.test(await ask(`${question} [y/N] `))) throw new Error("nothing was changed");
};
