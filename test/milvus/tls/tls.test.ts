import { describe, expect, it } from "vitest";
import { connectMilvus } from "../../../lib/store/milvus/connection.ts";
import type { Tls } from "../../../lib/store/milvus/tls.ts";
import { milvusStore } from "../../../lib/store/milvus.ts";
import { at, row, spec } from "../../store/rows.ts";
import { certificates } from "../certificates.ts";
import { milvusOptions } from "../setup.ts";

const mutual: Tls = {
  ca: certificates.ca,
  certificate: certificates.client,
  key: certificates.clientKey,
  serverName: "milvus.test",
};

describe("Milvus 2.3.5 with mutual TLS", () => {
  it("is written to and searched", async () => {
    const store = milvusStore(milvusOptions({ tls: mutual }));
    try {
      await store.ensure(spec("secured"));
      await store.upsert("secured", [row("a")]);
      expect(
        (await store.search("secured", { mode: "dense", vector: at(0), limit: 1 })).map(({ id }) => id),
      ).toEqual(["a"]);
    } finally {
      await store.drop("secured");
      await store.close();
    }
  });

  it("asks for a login all the same", async () => {
    const connection = connectMilvus(milvusOptions({ tls: mutual, token: async () => "root:wrong" }));
    await expect(connection.capabilities()).rejects.toMatchObject({
      message: expect.stringContaining("the server asks for a login"),
    });
    await connection.close();
  });

  it.each([
    ["no TLS", null, "does store.tls match the server"],
    ["an authority that is not trusted", { ...mutual, ca: null }, "set store.tlsFiles.ca"],
    [
      "no certificate of ours",
      { ...mutual, certificate: null, key: null },
      "set store.tlsFiles.certificate and store.tlsFiles.key",
    ],
    [
      "a certificate of nobody's",
      { ...mutual, certificate: certificates.stranger, key: certificates.strangerKey },
      "set store.tlsFiles.certificate and store.tlsFiles.key",
    ],
    [
      "another name than the certificate's",
      { ...mutual, serverName: "other.test" },
      "set store.tlsFiles.serverName",
    ],
    [
      "a file that is not there",
      { ...mutual, key: "/nowhere/client.key" },
      "store.tlsFiles.key: there is no readable file",
    ],
  ] as const)("%s: one line that says what to set", async (_, tls, words) => {
    const connection = connectMilvus(milvusOptions({ tls }));
    const failure = await connection.capabilities().then(
      () => null,
      (error: Error) => error,
    );
    expect(failure).toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining(words) });
    expect(failure?.message.split("\n")).toHaveLength(1);
    await connection.close();
  });
});
