import { AppError } from "../../../errors.ts";

/** bcrypt, which Milvus keeps passwords with, reads no byte beyond these. */
const bcryptBytes = 72;
const passwordLength = { least: 8, most: 64 } as const;
const nameLength = 32;

const classes: readonly RegExp[] = [/\p{Lu}/u, /\p{Ll}/u, /\p{Nd}/u, /[^\p{L}\p{N}\s]/u];
const neededClasses = 3;

/** What is wrong with a name, each rule in words; empty: nothing. */
export const nameProblems = (name: string): readonly string[] => [
  ...(/^[A-Za-z]/.test(name) ? [] : ["begin with a letter (A–Z, a–z)"]),
  ...([...name].length <= nameLength
    ? []
    : [`have at most ${nameLength} characters (it has ${[...name].length})`]),
  ...(/^[A-Za-z0-9_]*$/.test(name) ? [] : ["have letters, digits and underscores only"]),
];

/**
 * What is wrong with a password that is to be set. Characters are Unicode code points. The message never holds any part
 * of the password. Passwords to sign in with are not checked: what the server has may be older than these rules.
 */
export const passwordProblems = (password: string): readonly string[] => {
  const characters = [...password].length;
  const bytes = Buffer.byteLength(password);
  const { least, most } = passwordLength;
  const kinds = classes.filter((kind) => kind.test(password)).length;
  return [
    ...(characters >= least && characters <= most
      ? []
      : [`have ${least} to ${most} characters (it has ${characters})`]),
    ...(bytes <= bcryptBytes ? [] : [`have at most ${bcryptBytes} bytes in UTF-8 (it has ${bytes})`]),
    ...(kinds >= neededClasses
      ? []
      : [
          `have ${neededClasses} of upper-case letters, lower-case letters, digits and special characters (it has ${kinds})`,
        ]),
    // A line that was pasted with its end, or a terminal's own key codes.
    ...(/\p{Cc}/u.test(password) ? ["have no control characters"] : []),
  ];
};

const sentence = (what: string, problems: readonly string[]): string[] =>
  problems.length === 0 ? [] : [`${what} must ${problems.join("; it must ")}`];

/**
 * One message for every broken rule of both.
 * @throws AppError `BAD_REQUEST`
 */
export const checkCredential = ({
  name,
  password,
}: {
  readonly name?: string;
  readonly password?: string;
}): void => {
  const problems = [
    ...(name === undefined ? [] : sentence(`the user name ${JSON.stringify(name)}`, nameProblems(name))),
    ...(password === undefined ? [] : sentence("the password", passwordProblems(password))),
  ];
  if (problems.length > 0) throw new AppError("BAD_REQUEST", problems.join(". Also, "));
};
