import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.ts";
import { roleResources } from "../../packaging/roles.ts";

/** Names of the roles whose policy holds all the words. */
const rolesWith = (store: string, ...words: readonly string[]): readonly string[] =>
  Object.entries(
    roleResources(parseConfig(`store: { driver: milvus, address: "m:19530", ${store} }`, "local")),
  )
    .filter(([, role]) => words.every((word) => JSON.stringify(role).includes(word)))
    .map(([name]) => name);

describe("roles of the functions", () => {
  it("may read the one SSM parameter of the store's login, where they use the store", () => {
    const readers = rolesWith(
      "tokenParameter: /kettle/milvus",
      "ssm:GetParameter",
      ":parameter/kettle/milvus",
    );
    expect(readers).toEqual(expect.arrayContaining(["WriterRole", "SearchRole"]));
    expect(readers).not.toContain("UploadsRole");
  });

  it("may read the one secret instead, where that is named", () => {
    expect(
      rolesWith("tokenSecret: kettle/milvus", "secretsmanager:GetSecretValue", "secret:kettle/milvus-"),
    ).toContain("WriterRole");
    expect(rolesWith("tokenSecret: kettle/milvus", "ssm:GetParameter")).toEqual([]);
    expect(rolesWith("", "ssm:GetParameter")).toEqual([]);
  });
});
