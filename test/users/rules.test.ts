import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../lib/errors.ts";
import { checkCredential, nameProblems, passwordProblems } from "../../lib/store/milvus/users/rules.ts";

const messageOf = (credential: Parameters<typeof checkCredential>[0]): string => {
  try {
    checkCredential(credential);
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
  return "";
};

describe("names of users", () => {
  it.each(["a", "Ann", "kettle_writer", "z9", "a".repeat(32), "Z_0"])("%s is fine", (name) => {
    expect(nameProblems(name)).toEqual([]);
  });

  it.each([
    ["", ["begin with a letter"]],
    ["1ann", ["begin with a letter"]],
    ["_ann", ["begin with a letter"]],
    ["ann-lee", ["letters, digits and underscores only"]],
    ["ann ", ["letters, digits and underscores only"]],
    ["ann\n", ["letters, digits and underscores only"]],
    ["änn", ["begin with a letter", "letters, digits and underscores only"]],
    ["a".repeat(33), ["at most 32 characters (it has 33)"]],
    [`9${"-".repeat(40)}`, ["begin with a letter", "at most 32 characters (it has 41)", "underscores only"]],
  ])("%j breaks exactly the rules named", (name, rules) => {
    const problems = nameProblems(name);
    expect(problems).toHaveLength(rules.length);
    for (const [i, rule] of rules.entries()) expect(problems[i]).toContain(rule);
  });
});

describe("passwords that are set", () => {
  it.each([
    "Abcdefg1",
    "abcdefg1!",
    "ABCDEFG1!",
    "Abcdefg!",
    `Aa1${"x".repeat(61)}`,
    "Пароль12",
    "密码密码Aa1!",
  ])("%s is fine", (password) => {
    expect(passwordProblems(password)).toEqual([]);
  });

  it.each([
    ["Milvus", ["8 to 64 characters (it has 6)", "3 of upper-case letters"]],
    ["abcdefgh", ["(it has 1)"]],
    ["abcdefg1", ["(it has 2)"]],
    ["密码密码密码密码", ["(it has 0)"]],
    [`Aa1${"x".repeat(62)}`, ["8 to 64 characters (it has 65)"]],
    [`Aa1${"é".repeat(40)}`, ["at most 72 bytes in UTF-8 (it has 83)"]],
    ["Abcdef1\n", ["no control characters"]],
    ["", ["(it has 0)", "(it has 0)"]],
  ])("%j breaks exactly the rules named", (password, rules) => {
    const problems = passwordProblems(password);
    expect(problems).toHaveLength(rules.length);
    for (const [i, rule] of rules.entries()) expect(problems[i]).toContain(rule);
  });

  it("a message never holds the password", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 3, maxLength: 7, unit: fc.constantFrom(..."qzxjQZXJ#~^") }),
        (password) => {
          const message = messageOf({ password });
          expect(message).not.toBe("");
          expect(message).not.toContain(password);
        },
      ),
    );
  });
});

describe("one message", () => {
  it("names every broken rule of name and password", () => {
    const message = messageOf({ name: "1-x", password: "abc" });
    for (const words of ["begin with a letter", "underscores only", "8 to 64 characters", "3 of upper-case"])
      expect(message).toContain(words);
    expect(message.split("\n")).toHaveLength(1);
  });

  it("says nothing of what is not being set", () => {
    expect(messageOf({ name: "root" })).toBe("");
    expect(messageOf({})).toBe("");
  });
});
