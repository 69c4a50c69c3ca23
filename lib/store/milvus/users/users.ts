import { AppError } from "../../../errors.ts";
import type { Connection } from "../connection.ts";
import { isServerCode } from "../failures.ts";
import { checkCredential } from "./rules.ts";

/** Users of a server, by somebody who may change them: `root`, or whoever has the role `admin`. */

export type User = { readonly name: string; readonly roles: readonly string[] };

/** @throws AppError `NOT_AVAILABLE` for a server whose user calls do nothing */
export const requireUsers = async (connection: Connection): Promise<void> => {
  const server = await connection.capabilities();
  if (server.users) return;
  throw new AppError(
    "NOT_AVAILABLE",
    `${server.name} at ${connection.address} has no logins: it answers calls about users and does nothing, and everybody ` +
      "who reaches its port may do everything. Use Milvus standalone or a cluster with common.security.authorizationEnabled=true",
  );
};

const userNames = async (connection: Connection): Promise<readonly string[]> =>
  (await connection.call("ListCredUsers", undefined, (sdk) => sdk.listUsers())).usernames;

const noUser = (connection: Connection, name: string): AppError =>
  new AppError(
    "NOT_FOUND",
    `there is no user ${name} at ${connection.address}: \`kettle users list\` shows those there are`,
  );

const mustExist = async (connection: Connection, name: string): Promise<void> => {
  if (!(await userNames(connection)).includes(name)) throw noUser(connection, name);
};

const rolesOfUser = async (connection: Connection, username: string): Promise<readonly string[]> => {
  const { results } = await connection.call("SelectUser", undefined, (sdk) =>
    sdk.describeUser({ username, includeRoleInfo: true }),
  );
  return results.flatMap(({ roles }) => roles.map(({ name }) => name));
};

/** By name. */
export const listUsers = async (connection: Connection): Promise<readonly User[]> => {
  await requireUsers(connection);
  const users: User[] = [];
  for (const name of [...(await userNames(connection))].sort())
    users.push({ name, roles: await rolesOfUser(connection, name) });
  return users;
};

/** @throws AppError `BAD_REQUEST` naming every broken rule, `CONFLICT` where there is one of that name */
export const createUser = async (connection: Connection, name: string, password: string): Promise<void> => {
  checkCredential({ name, password });
  await requireUsers(connection);
  if ((await userNames(connection)).includes(name))
    throw new AppError(
      "CONFLICT",
      `there is a user ${name} at ${connection.address} already: \`kettle users password ${name}\` sets its password`,
    );
  await connection.call("CreateCredential", undefined, (sdk) => sdk.createUser({ username: name, password }));
};

/** The server takes the removal of anybody for a success: looked up first. @throws AppError `NOT_FOUND` */
export const dropUser = async (connection: Connection, name: string): Promise<void> => {
  await requireUsers(connection);
  if (name === "root")
    throw new AppError("BAD_REQUEST", "root cannot be dropped: set its password to one that nobody uses");
  await mustExist(connection, name);
  await connection.call("DeleteCredential", undefined, (sdk) => sdk.deleteUser({ username: name }));
};

const refusedReset = (connection: Connection, name: string, cause: unknown): AppError =>
  new AppError(
    "STORE_REFUSED",
    `Milvus at ${connection.address} does not let you set the password of ${name} without the old one: the user that signs ` +
      "in must be a superuser. Set common.security.superUsers: root in milvus.yaml (COMMON_SECURITY_SUPERUSERS=root in the " +
      "environment, extraConfigFiles.user.yaml in the chart) and restart it; or leave out --reset and give the old password",
    { cause },
  );

/**
 * @param oldPassword null: a reset by a superuser. A superuser's update of an unknown name would create the user: looked
 *   up first.
 * @throws AppError `BAD_REQUEST` naming every broken rule or for a wrong old password, `NOT_FOUND`, `STORE_REFUSED` where
 *   the server does not let this user reset
 */
export const setPassword = async (
  connection: Connection,
  name: string,
  oldPassword: string | null,
  newPassword: string,
): Promise<void> => {
  checkCredential({ password: newPassword });
  await requireUsers(connection);
  // Somebody who changes his own password need not be allowed to list users; the old password proves that he exists.
  if (oldPassword === null) await mustExist(connection, name);
  try {
    await connection.call("UpdateCredential", undefined, (sdk) =>
      sdk.updateUser({ username: name, oldPassword: oldPassword ?? "", newPassword }),
    );
  } catch (error) {
    // 1400 is about the login of the call as well, but then the list of users or the first call had failed already.
    if (!isServerCode(error, "notAuthenticated")) throw error;
    if (oldPassword === null) throw refusedReset(connection, name, error);
    throw new AppError(
      "BAD_REQUEST",
      `the old password of ${name} is not right, or there is no such user at ${connection.address}; nothing was changed`,
      { cause: error },
    );
  }
};

/** @throws AppError `NOT_FOUND` for an unknown user or role */
export const grantRole = async (connection: Connection, name: string, role: string): Promise<void> => {
  await requireUsers(connection);
  await mustExist(connection, name);
  await mustHaveRole(connection, role);
  await connection.call("OperateUserRole", undefined, (sdk) =>
    sdk.addUserToRole({ username: name, roleName: role }),
  );
};

/** Does nothing where the user has not got the role. @throws AppError `NOT_FOUND` */
export const revokeRole = async (connection: Connection, name: string, role: string): Promise<void> => {
  await requireUsers(connection);
  await mustExist(connection, name);
  await mustHaveRole(connection, role);
  await connection.call("OperateUserRole", undefined, (sdk) =>
    sdk.removeUserFromRole({ username: name, roleName: role }),
  );
};

export const roleNames = async (connection: Connection): Promise<readonly string[]> => {
  const { results } = await connection.call("SelectRole", undefined, (sdk) => sdk.listRoles());
  return results.map(({ role }) => role.name);
};

const mustHaveRole = async (connection: Connection, role: string): Promise<void> => {
  const roles = await roleNames(connection);
  if (roles.includes(role)) return;
  throw new AppError(
    "NOT_FOUND",
    `there is no role ${role} at ${connection.address}: there are ${roles.join(", ")}; \`kettle users roles\` makes those of Kettle`,
  );
};
