import { afterAll, afterEach, describe, expect, it } from "vitest";
import { AppError } from "../../../lib/errors.ts";
import { type Connection, connectMilvus } from "../../../lib/store/milvus/connection.ts";
import { checkLogin, loginProblem } from "../../../lib/store/milvus/login-check.ts";
import { makeRole } from "../../../lib/store/milvus/users/roles.ts";
import {
  createUser,
  dropUser,
  grantRole,
  listUsers,
  revokeRole,
  setPassword,
} from "../../../lib/store/milvus/users/users.ts";
import { milvusStore } from "../../../lib/store/milvus.ts";
import { at, row, spec as specOf } from "../../store/rows.ts";
import { milvusOptions } from "../setup.ts";

const opened: Connection[] = [];
const signIn = (token: string | null): Connection => {
  const connection = connectMilvus(milvusOptions({ token: async () => token }));
  opened.push(connection);
  return connection;
};
const root = signIn("root:Milvus");
/** A call that needs a login and no privilege. */
const look = (connection: Connection) =>
  connection.call("ShowCollections", undefined, (sdk) => sdk.showCollections());

/** One paragraph, with the code of the table and all the words. */
const refusal = async (work: Promise<unknown>, code: string, ...words: readonly string[]): Promise<void> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  const { code: given, message } = error as AppError;
  for (const word of words) expect(message).toContain(word);
  expect(given).toBe(code);
  expect(message.split("\n")).toHaveLength(1);
  expect(message.length).toBeLessThan(600);
};

const users = ["ann", "bob", "adm", "wri", "sea"];
const clear = async () => {
  const there = new Set((await listUsers(root)).map(({ name }) => name));
  for (const name of users) if (there.has(name)) await dropUser(root, name);
};
afterEach(clear);
afterAll(async () => {
  for (const connection of opened) await connection.close();
});

const good = "Correct-horse1";

describe("signing in", () => {
  it("with what the server was installed with works, however weak it is", async () => {
    await look(root);
  });

  it("with a wrong password names the cause and the fix", async () => {
    await refusal(
      look(signIn("root:wrong")),
      "STORE_UNAVAILABLE",
      "check username and password",
      "store.tokenSecret",
    );
  });

  it("without a token names the cause and the fix", async () => {
    await refusal(look(signIn(null)), "STORE_UNAVAILABLE", "missing authorization", "KETTLE_STORE_TOKEN");
  });
});

describe("users", () => {
  it("are made, listed, signed in, given another password and dropped", async () => {
    await createUser(root, "ann", good);
    expect((await listUsers(root)).map(({ name }) => name)).toContain("ann");
    const ann = signIn(`ann:${good}`);
    await look(ann);
    await setPassword(ann, "ann", good, "Another-horse2");
    await look(signIn("ann:Another-horse2"));
    await refusal(look(signIn(`ann:${good}`)), "STORE_UNAVAILABLE", "check username and password");
    await dropUser(root, "ann");
    expect((await listUsers(root)).map(({ name }) => name)).not.toContain("ann");
  });

  it("with a bad name and a weak password are refused before the call, in one message", async () => {
    await refusal(
      createUser(signIn("root:wrong"), "1-ann", "weak"),
      "BAD_REQUEST",
      "begin with a letter",
      "letters, digits and underscores only",
      "8 to 64 characters (it has 4)",
      "3 of upper-case letters",
    );
  });

  it("are made once: the second of a name is a conflict and changes no password", async () => {
    await createUser(root, "ann", good);
    await refusal(createUser(root, "ann", "Another-horse2"), "CONFLICT", "kettle users password ann");
    await look(signIn(`ann:${good}`));
  });

  it("that are not there are never dropped, given a password or a role", async () => {
    await refusal(dropUser(root, "bob"), "NOT_FOUND", "there is no user bob");
    await refusal(setPassword(root, "bob", null, good), "NOT_FOUND", "there is no user bob");
    await refusal(grantRole(root, "bob", "public"), "NOT_FOUND", "there is no user bob");
    expect((await listUsers(root)).map(({ name }) => name)).not.toContain("bob");
  });

  it("root stays", async () => {
    await refusal(dropUser(root, "root"), "BAD_REQUEST", "root cannot be dropped");
  });

  it("cannot be changed by somebody without the privilege", async () => {
    await createUser(root, "ann", good);
    await refusal(
      createUser(signIn(`ann:${good}`), "bob", good),
      "STORE_UNAVAILABLE",
      "permission",
      "privilege",
    );
  });
});

describe("passwords", () => {
  it("are reset by a superuser without the old one", async () => {
    await createUser(root, "ann", good);
    await setPassword(root, "ann", null, "Another-horse2");
    await look(signIn("ann:Another-horse2"));
  });

  it("where the server refuses that, the answer says what to set", async () => {
    await createUser(root, "ann", good);
    await createUser(root, "adm", good);
    await grantRole(root, "adm", "admin");
    await refusal(
      setPassword(signIn(`adm:${good}`), "ann", null, "Another-horse2"),
      "STORE_REFUSED",
      "common.security.superUsers",
      "COMMON_SECURITY_SUPERUSERS=root",
    );
    await look(signIn(`ann:${good}`));
  });

  it("with a wrong old one stay as they are", async () => {
    await createUser(root, "ann", good);
    const ann = signIn(`ann:${good}`);
    await refusal(
      setPassword(ann, "ann", "not it", "Another-horse2"),
      "BAD_REQUEST",
      "the old password of ann",
    );
    await look(signIn(`ann:${good}`));
  });

  it("that are weak are refused before the call", async () => {
    await createUser(root, "ann", good);
    await refusal(setPassword(root, "ann", null, "short1A"), "BAD_REQUEST", "8 to 64 characters (it has 7)");
    await refusal(setPassword(root, "ann", null, `Aa1${"é".repeat(50)}`), "BAD_REQUEST", "72 bytes");
  });
});

describe("roles of least privilege", () => {
  const spec = specOf("users_roles");

  it("are given and taken away", async () => {
    await createUser(root, "ann", good);
    const role = await makeRole(root, "default", "search");
    await makeRole(root, "default", "search");
    await grantRole(root, "ann", role);
    expect((await listUsers(root)).find(({ name }) => name === "ann")?.roles).toEqual(["kettle_search"]);
    await revokeRole(root, "ann", role);
    expect((await listUsers(root)).find(({ name }) => name === "ann")?.roles).toEqual([]);
    await refusal(grantRole(root, "ann", "nope"), "NOT_FOUND", "there is no role nope", "kettle users roles");
  });

  it("writer does all that the driver does; search reads, and can neither write, delete, drop nor see users", async () => {
    await createUser(root, "wri", good);
    await createUser(root, "sea", good);
    await grantRole(root, "wri", await makeRole(root, "default", "writer"));
    await grantRole(root, "sea", await makeRole(root, "default", "search"));
    const writer = milvusStore(milvusOptions({ token: async () => `wri:${good}` }));
    const search = milvusStore(milvusOptions({ token: async () => `sea:${good}` }));
    const vector = at(0);
    const rows = [row("a", { documentId: "d" }), row("b", { documentId: "e" })];
    try {
      await writer.ensure(spec);
      await writer.setAlias("users_alias", spec.name);
      await writer.setAlias("users_alias", spec.name);
      await writer.upsert(spec.name, rows);
      expect(await writer.delete(spec.name, { field: "documentId", op: "eq", value: "e" })).toBe(1);

      expect((await search.resolve("users_alias"))?.name).toBe(spec.name);
      expect(await search.count("users_alias")).toBe(1);
      expect(
        (await search.search("users_alias", { mode: "dense", vector, limit: 5 })).map(({ id }) => id),
      ).toEqual(["a"]);
      expect((await search.collections()).map(({ name }) => name)).toContain(spec.name);
      await refusal(search.upsert(spec.name, rows), "STORE_UNAVAILABLE", "privilege");
      await refusal(
        search.delete(spec.name, { field: "documentId", op: "eq", value: "d" }),
        "STORE_UNAVAILABLE",
        "privilege",
      );
      await refusal(search.drop(spec.name), "STORE_UNAVAILABLE", "privilege");
      await refusal(search.setAlias("users_other", spec.name), "STORE_UNAVAILABLE", "privilege");
      for (const token of [`wri:${good}`, `sea:${good}`])
        await refusal(createUser(signIn(token), "bob", good), "STORE_UNAVAILABLE", "privilege");
      expect(await writer.count(spec.name)).toBe(1);
    } finally {
      await writer.drop(spec.name);
      await writer.close();
      await search.close();
    }
  });
});

describe("the door of a server", () => {
  const warned: string[] = [];
  const policy = {
    deployed: false,
    allowInsecure: false,
    warn: (message: string) => void warned.push(message),
  };

  it("whose root has the default password is named, with the command that changes it", async () => {
    expect(await loginProblem(milvusOptions())).toMatch(
      /root of Milvus at .*installed with.*kettle users password root/,
    );
  });

  it("is warned of on one machine, refused in a deployed stage, and let pass where a parameter says so", async () => {
    await checkLogin(milvusOptions(), policy);
    expect(warned).toHaveLength(1);
    await refusal(
      checkLogin(milvusOptions(), { ...policy, deployed: true }),
      "STORE_UNAVAILABLE",
      "store.allowInsecure",
    );
    await checkLogin(milvusOptions(), { ...policy, deployed: true, allowInsecure: true });
    expect(warned).toHaveLength(1);
  });

  it("is asked about before the first call of a store", async () => {
    const store = milvusStore(
      milvusOptions({ gate: () => checkLogin(milvusOptions(), { ...policy, deployed: true }) }),
    );
    await refusal(store.collections(), "STORE_UNAVAILABLE", "A deployed stage does not use such a server");
    await store.close();
  });
});
