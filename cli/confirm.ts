import { createInterface } from "node:readline/promises";

/**
 * Asks before something is destroyed; `yes` answers in advance.
 * @throws Error where nobody can be asked, or the answer is not yes
 */
export const confirm = async (question: string, yes: boolean | undefined): Promise<void> => {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new Error("standard input is not a terminal: add --yes to go on without being asked");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Error("nothing was changed");
  } finally {
    lines.close();
  }
};
