import { afterAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.ts";
import { createStore } from "../../../lib/store/create.ts";
import { connectMilvus } from "../../../lib/store/milvus/connection.ts";
import { checkLogin, loginProblem } from "../../../lib/store/milvus/login-check.ts";
import { makeRole } from "../../../lib/store/milvus/users/roles.ts";
import { createUser, listUsers, setPassword } from "../../../lib/store/milvus/users/users.ts";
import { milvusOptions } from "../setup.ts";

const connection = connectMilvus(milvusOptions());
afterAll(() => connection.close());

describe("milvus-lite, which answers calls about users and does nothing", () => {
  it.each([
    ["list", () => listUsers(connection)],
    ["create", () => createUser(connection, "ann", "Correct-horse1")],
    ["password", () => setPassword(connection, "ann", null, "Correct-horse1")],
    ["roles", () => makeRole(connection, "default", "search")],
  ])("%s is refused instead of pretended", async (_, work) => {
    await expect(work()).rejects.toMatchObject({
      code: "NOT_AVAILABLE",
      message: expect.stringMatching(/milvus-lite 3\.2\.2 at .* has no logins.*authorizationEnabled=true/),
    });
  });

  it("asks for no login: warned of on one machine, refused in a deployed stage unless allowed", async () => {
    expect(await loginProblem(milvusOptions())).toContain("asks for no login");
    const warned: string[] = [];
    const policy = {
      deployed: false,
      allowInsecure: false,
      warn: (message: string) => void warned.push(message),
    };
    await checkLogin(milvusOptions(), policy);
    expect(warned).toEqual([expect.stringContaining("authorizationEnabled: true")]);
    await expect(checkLogin(milvusOptions(), { ...policy, deployed: true })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("store.allowInsecure"),
    });
    await checkLogin(milvusOptions(), { ...policy, deployed: true, allowInsecure: true });
    expect(warned).toHaveLength(1);
  });

  it("a deployed store of kettle.yml refuses every call; the same on one machine works", async () => {
    const yaml = (more: string) =>
      `store: { driver: milvus, address: "${milvusOptions().address}", ${more} }`;
    const collectionsOf = async (deployed: boolean, more = "") => {
      const warn = (message: string) => void heard.push(message);
      const storeLogin = { token: null, user: null, password: null };
      const config = parseConfig(yaml(more), "local");
      const store = createStore({ config, dataDir: "", root: "/", storeLogin, deployed, warn });
      return store.collections().finally(() => store.close());
    };
    const heard: string[] = [];
    await expect(collectionsOf(true)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await collectionsOf(true, "allowInsecure: true")).toBeInstanceOf(Array);
    expect(heard).toEqual([]);
    expect(await collectionsOf(false)).toBeInstanceOf(Array);
    expect(heard).toEqual([expect.stringContaining("asks for no login")]);
  });
});
