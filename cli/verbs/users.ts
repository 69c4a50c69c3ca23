import { type Command, Option } from "commander";
import type { Connection } from "../../lib/store/milvus/connection.ts";
import { type PresetName, presetNames, presets, roleOf } from "../../lib/store/milvus/users/privileges.ts";
import { makeRole } from "../../lib/store/milvus/users/roles.ts";
import { checkCredential } from "../../lib/store/milvus/users/rules.ts";
import {
  createUser,
  dropUser,
  grantRole,
  listUsers,
  revokeRole,
  setPassword,
} from "../../lib/store/milvus/users/users.ts";
import { confirm } from "../confirm.ts";
import { type StageOptions, withMilvus, withStageOptions } from "../milvus.ts";
import { askNewPassword, askPassword, needTerminal, passwordLines, standardTerminal } from "../passwords.ts";

type Options = StageOptions & { readonly json?: boolean };
type PasswordOptions = Options & { readonly passwordStdin?: boolean };
type RoleOptions = Options & { readonly role?: string; readonly preset?: PresetName };

const users = <T>(options: StageOptions, work: Parameters<typeof withMilvus<T>>[2]): Promise<T> =>
  withMilvus(options, "users and roles", work);

const say = ({ json }: Options, answer: object, words: string): void =>
  console.log(json ? JSON.stringify(answer) : words);

const list = (options: Options): Promise<void> =>
  users(options, async (connection) => {
    const all = await listUsers(connection);
    if (options.json) return console.log(JSON.stringify({ users: all }, null, 2));
    const width = Math.max(...all.map(({ name }) => name.length));
    for (const { name, roles } of all)
      console.log(`${name.padEnd(width)}  ${roles.join(", ") || "(no role)"}`);
  });

const newPassword = async (name: string, { passwordStdin }: PasswordOptions): Promise<string> => {
  const terminal = standardTerminal();
  if (passwordStdin) return (await passwordLines(terminal.input, ["the password"]))[0] ?? "";
  needTerminal(terminal);
  return askNewPassword(terminal, name);
};

const grantTo = async (
  connection: Connection,
  database: string,
  name: string,
  { role, preset }: RoleOptions,
): Promise<string | null> => {
  const granted = preset ? await makeRole(connection, database, preset) : (role ?? null);
  if (granted !== null) await grantRole(connection, name, granted);
  return granted;
};

const create = async (name: string, options: PasswordOptions & RoleOptions): Promise<void> => {
  // Nobody types a password twice for a name that no server takes.
  if (!options.passwordStdin) checkCredential({ name });
  const password = await newPassword(name, options);
  await users(options, async (connection, { config }) => {
    await createUser(connection, name, password);
    const role = await grantTo(connection, config.store.database, name, options);
    say(
      options,
      { name, created: true, role },
      `${name} made${role ? `, with the role ${role}` : "; it has no role yet"}`,
    );
  });
};

const password = async (
  name: string,
  options: PasswordOptions & { readonly reset?: boolean },
): Promise<void> => {
  const terminal = standardTerminal();
  const read = async (): Promise<readonly [string | null, string]> => {
    if (options.passwordStdin) {
      const lines = options.reset ? ["the new password"] : ["the old password", "the new password"];
      const [first = "", second = ""] = await passwordLines(terminal.input, lines);
      return options.reset ? [null, first] : [first, second];
    }
    needTerminal(terminal);
    const old = options.reset ? null : await askPassword(terminal, `Old password of ${name}: `);
    return [old, await askNewPassword(terminal, name)];
  };
  const [old, wanted] = await read();
  await users(options, async (connection) => {
    await setPassword(connection, name, old, wanted);
    say(
      options,
      { name, passwordSet: true },
      `the password of ${name} is set; what signs in with the old one needs the new one`,
    );
  });
};

const drop = async (name: string, options: Options & { readonly yes?: boolean }): Promise<void> => {
  await confirm(`Drop the user ${name}?`, options.yes);
  await users(options, (connection) => dropUser(connection, name));
  say(options, { name, dropped: true }, `${name} dropped`);
};

const roleIn = (command: Command, { role, preset }: RoleOptions): void => {
  if ((role === undefined) === (preset === undefined))
    command.error("error: give either --role or --preset", { exitCode: 2 });
};

const grant = async (name: string, options: RoleOptions, command: Command): Promise<void> => {
  roleIn(command, options);
  await users(options, async (connection, { config }) => {
    const role = await grantTo(connection, config.store.database, name, options);
    say(options, { name, granted: role }, `${name} has the role ${role}`);
  });
};

const revoke = async (name: string, options: RoleOptions, command: Command): Promise<void> => {
  roleIn(command, options);
  const role = options.preset ? roleOf(options.preset) : (options.role ?? "");
  await users(options, (connection) => revokeRole(connection, name, role));
  say(options, { name, revoked: role }, `${name} has no longer the role ${role}`);
};

const roles = (options: Options): Promise<void> =>
  users(options, async (connection, { config }) => {
    const made: Record<string, readonly string[]> = {};
    for (const preset of presetNames)
      made[await makeRole(connection, config.store.database, preset)] = presets[preset].map(
        ({ name }) => name,
      );
    if (options.json) return console.log(JSON.stringify({ roles: made }, null, 2));
    for (const [role, privileges] of Object.entries(made)) console.log(`${role}: ${privileges.join(", ")}`);
  });

const json = "answer as JSON";
const passwordStdin = ["--password-stdin", "read the password from standard input"] as const;
const role = ["--role <role>", "a role of the server"] as const;
const preset = () =>
  new Option(
    "--preset <function>",
    "role of least privilege for that function; made if it is missing",
  ).choices(presetNames);

/** kettle users list|create|password|drop|grant|revoke|roles */
export const usersVerb = (program: Command): void => {
  const verb = program.command("users").description("users and roles of the Milvus server");
  const add = (name: string, description: string, command = verb.command(name)): Command =>
    withStageOptions(command.description(description)).option("--json", json);
  add("list", "users with their roles", verb.command("list", { isDefault: true })).action(list);
  add("create", "make a user; asks for the password twice, without showing it")
    .argument("<name>")
    .option(...passwordStdin)
    .option(...role)
    .addOption(preset().conflicts("role"))
    .action(create);
  add("password", "set a password; asks for the old one, then twice for the new one")
    .argument("<name>")
    .option("--reset", "without the old password: for superusers (common.security.superUsers)")
    .option(
      "--password-stdin",
      "read the old and the new password from standard input, a line each (with --reset the new one alone)",
    )
    .action(password);
  add("drop", "drop a user").argument("<name>").option("--yes", "do not ask").action(drop);
  add("grant", "give a user a role")
    .argument("<name>")
    .option(...role)
    .addOption(preset())
    .action(grant);
  add("revoke", "take a role from a user")
    .argument("<name>")
    .option(...role)
    .addOption(preset())
    .action(revoke);
  add("roles", "make or complete the roles of least privilege for writer and search").action(roles);
};
