import { describe, expect, it } from "vitest";
import {
  isServerCode,
  statusFailure,
  thrownFailure,
  unimplemented,
} from "../../../lib/store/milvus/failures.ts";

const call = { operation: "Search", collection: "c", address: "m:19530" };

describe("failures of Milvus", () => {
  it.each([
    [100, "collection not found[collection=c]", "STORE_REFUSED", "check store.collection"],
    [4, "collection 'c' does not exist", "STORE_REFUSED", "check store.collection"],
    [101, "collection not loaded", "STORE_UNAVAILABLE", "being loaded"],
    [902, "node not enough[node=2]", "STORE_UNAVAILABLE", "lower store.replicas, or add query nodes"],
    [65_535, "failed to spawn replica: nodes not enough", "STORE_UNAVAILABLE", "lower store.replicas"],
    [1_400, "auth check failure", "STORE_UNAVAILABLE", "store.tokenSecret"],
    [1_401, "permission deny to u", "STORE_UNAVAILABLE", "grant it"],
    [800, "database not found[database=x]", "STORE_UNAVAILABLE", "store.database"],
    [1_100, "invalid parameter", "STORE_REFUSED", "invalid parameter [code 1100]"],
    [65_535, "cannot parse expression: x", "STORE_REFUSED", "cannot parse expression"],
    [5, "disk quota exhausted", "STORE_UNAVAILABLE", "disk quota exhausted"],
    [99_999, "", "STORE_UNAVAILABLE", "code 99999"],
  ])(
    "code %i %j is %s and says %j, with operation, collection and address",
    (number, reason, code, words) => {
      const failure = statusFailure(call, number, reason);
      expect(failure.code).toBe(code);
      expect(failure.message).toContain("Milvus at m:19530: Search of c failed:");
      expect(failure.message).toContain(words);
      expect(failure.serverCode).toBe(number);
      expect(failure.retry).toBe(code === "STORE_UNAVAILABLE");
    },
  );

  it("gRPC errors, plain objects and the SDK's own complaints are all typed", () => {
    const away = thrownFailure(
      call,
      Object.assign(new Error("14 UNAVAILABLE"), { code: 14, details: "connect ECONNREFUSED" }),
    );
    expect(away).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(away.message).toMatch(/connect ECONNREFUSED \(not reachable: is it running/);
    const object = thrownFailure(call, {
      code: 100,
      reason: "collection not found",
      error_code: "CollectionNotExists",
    });
    expect(isServerCode(object, "collectionNotFound")).toBe(true);
    expect(thrownFailure(call, new TypeError("x is undefined"))).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(thrownFailure(call, Object.assign(new Error("x"), { code: 16 })).message).toContain(
      "store.tokenSecret",
    );
    expect(thrownFailure(call, away)).toBe(away);
  });

  it("a call that the server does not know is named as such", () => {
    expect(unimplemented(call)).toMatchObject({
      code: "NOT_AVAILABLE",
      message: "Milvus at m:19530: Search of c: this server does not implement it (gRPC UNIMPLEMENTED)",
    });
  });
});
