import type { PrivilegesTypes, RbacObjects } from "@zilliz/milvus2-sdk-node";
import type { Connection } from "../connection.ts";
import { type PresetName, type Privilege, presets, roleOf } from "./privileges.ts";
import { requireUsers, roleNames } from "./users.ts";

const grant = (connection: Connection, database: string, role: string, { object, name }: Privilege) =>
  connection.call("OperatePrivilege", undefined, (sdk) =>
    // The older call knows the default database only; the newer one came with Milvus 2.5.
    database === "default"
      ? sdk.grantPrivilege({
          roleName: role,
          object: object as RbacObjects,
          objectName: "*",
          privilegeName: name as PrivilegesTypes,
        })
      : sdk.grantPrivilegeV2({ role, privilege: name, db_name: database, collection_name: "*" }),
  );

/**
 * Makes the role of a preset, or completes it; privileges that somebody added stay. They hold for every collection of
 * the database: a change of model makes a new one, which must need no grant.
 * @returns the role's name
 * @throws AppError `NOT_AVAILABLE` where the server has no logins, or no privileges by database
 */
export const makeRole = async (
  connection: Connection,
  database: string,
  preset: PresetName,
): Promise<string> => {
  await requireUsers(connection);
  const role = roleOf(preset);
  if (!(await roleNames(connection)).includes(role))
    await connection.call("CreateRole", undefined, (sdk) => sdk.createRole({ roleName: role }));
  for (const privilege of presets[preset]) await grant(connection, database, role, privilege);
  return role;
};
