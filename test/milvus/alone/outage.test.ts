import { afterAll, describe, expect, it } from "vitest";
import { milvusStore } from "../../../lib/store/milvus.ts";
import { at, row, spec } from "../../store/rows.ts";
import { type MilvusServer, startLite, startStandalone } from "../servers.ts";
import { milvusOptions } from "../setup.ts";

const away = expect.objectContaining({ code: "STORE_UNAVAILABLE", retry: true });

describe.each([
  ["milvus-lite", startLite, null],
  // Killed, it comes back once its lease has run out; much shorter, a busy machine would end it.
  ["Milvus 2.3.5", () => startStandalone({ settings: { "common.session.ttl": "10" } }), "root:Milvus"],
] as const)("%s", (_, start, token) => {
  let server: MilvusServer | null = null;
  afterAll(async () => {
    await server?.stop();
  });

  it("killed and back: calls fail as retryable, then the same store goes on; what was written is there", async () => {
    server = await start();
    const store = milvusStore(
      milvusOptions({ address: server.address, token: async () => token, timeoutMs: 5_000 }),
    );
    await store.ensure(spec("c"));
    await store.setAlias("alias", "c");
    await store.upsert("c", [row("a"), row("b", { vector: at(40) })]);
    expect(await store.count("c")).toBe(2);

    await server.kill();
    const vector = at(0);
    await expect(store.search("alias", { mode: "dense", vector, limit: 5 })).rejects.toEqual(away);
    await expect(store.upsert("c", [row("x")])).rejects.toEqual(away);
    await expect(store.count("c")).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`Milvus at ${server.address}: Query of c failed: .*is it running`),
      ),
    });
    await expect(store.resolve("c")).rejects.toEqual(away);

    await server.restart();
    const deadline = Date.now() + 60_000;
    const searched = async (): Promise<readonly { readonly id: string }[]> => {
      try {
        return await store.search("alias", { mode: "dense", vector, limit: 5 });
      } catch (error) {
        if (Date.now() > deadline) throw error;
        return searched();
      }
    };
    expect((await searched()).map(({ id }) => id)).toEqual(["a", "b"]);
    await store.upsert("c", [row("c")]);
    expect(await store.count("alias")).toBe(3);
    await store.close();
  });
});
