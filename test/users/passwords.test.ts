import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { askNewPassword, askPassword, passwordLines, type Terminal } from "../../cli/passwords.ts";

/** A terminal whose keys are pressed when it asks, and that notes what it shows and whether it echoes. */
const terminal = (answers: readonly (readonly (string | Buffer)[])[]) => {
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    raw: [] as boolean[],
    setRawMode(raw: boolean) {
      this.raw.push(raw);
    },
  });
  const output = new PassThrough();
  const left = [...answers];
  let shown = "";
  output.on("data", (bytes: Buffer) => {
    shown += bytes.toString();
    if (!bytes.toString().endsWith(": ")) return;
    expect(input.raw.at(-1)).toBe(true);
    for (const key of left.shift() ?? []) input.write(key);
  });
  return { it: { input, output } satisfies Terminal, input, shown: () => shown };
};

describe("a password typed at a terminal", () => {
  it.each([
    [["secret", "\r"], "secret"],
    [["sec", "ret\n"], "secret"],
    [["secrex\u007ft\r"], "secret"],
    [["wrong\u0015secret\r"], "secret"],
    [["se\u001b[Acr\u001bOBet\r"], "secret"],
    [["密", "码x\b\r"], "密码"],
    [[Buffer.from("密").subarray(0, 1), Buffer.from("密").subarray(1), "\r"], "密"],
    [["a b:c\u0004"], "a b:c"],
  ])("%j is %j", async (keys, password) => {
    const { it, input, shown } = terminal([keys]);
    expect(await askPassword(it, "Password: ")).toBe(password);
    expect(shown()).toBe("Password: \n");
    expect(input.raw).toEqual([true, false]);
  });

  it("is given up by Ctrl-C, and the terminal echoes again", async () => {
    const { it, input } = terminal([["sec\u0003"]]);
    await expect(askPassword(it, "Password: ")).rejects.toMatchObject({ name: "AbortError" });
    expect(input.raw).toEqual([true, false]);
  });

  it("is asked for twice when it is set, and never shown", async () => {
    const { it, shown } = terminal([["secret\r"], ["secret\r"]]);
    expect(await askNewPassword(it, "ann")).toBe("secret");
    expect(shown()).not.toContain("secret");
    await expect(askNewPassword(terminal([["secret\r"], ["sekret\r"]]).it, "ann")).rejects.toThrow(
      "not the same",
    );
  });
});

describe("passwords on standard input", () => {
  const read = (text: string, wanted: readonly string[]) =>
    passwordLines(new PassThrough().end(text), wanted);

  it("are lines, whatever their ends", async () => {
    expect(await read("one", ["the password"])).toEqual(["one"]);
    expect(await read("one \n", ["the password"])).toEqual(["one "]);
    expect(await read("old\r\nnew\r\n", ["the old", "the new"])).toEqual(["old", "new"]);
  });

  it.each(["", "one\n", "one\ntwo\nthree\n", "x".repeat(5_000)])(
    "of another number or size are refused",
    async (text) => {
      await expect(read(text, ["the old", "the new"])).rejects.toThrow(
        /^standard input (must hold 2 lines|holds more)/,
      );
    },
  );
});
