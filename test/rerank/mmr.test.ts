import { describe, expect, it } from "vitest";
import { mmr } from "../../lib/rerank/mmr.ts";
import { context, workedExample } from "./hits.ts";

const order = async (lambda: number, topK = 10): Promise<string> =>
  (await mmr.rerank(workedExample(), context({ topK, options: { lambda } }))).map(({ id }) => id).join(" ");

describe("mmr on the worked example (angles a 0°, d 20°, f 25°, b 40°, c 50°)", () => {
  // After a, every value is (2λ − 1) · cos of the angle. λ = .7: d .376, then f .7·.906 − .3·.996 = .336, then
  // b .7·.766 − .3·.966 = .246. λ = .3: the farthest first, c −.257, then f −.363, then d .3·.940 − .7·.996 = −.415.
  it.each([
    [1, "a d f b c"],
    [0.7, "a d f b c"],
    [0.3, "a c f d b"],
  ])("λ = %f gives %s", async (lambda, expected) => {
    expect(await order(lambda)).toBe(expected);
  });

  it("gives topK hits, chosen as if there were no end", async () => {
    expect(await order(0.3, 3)).toBe("a c f");
  });

  it("refuses a λ outside 0 to 1", () => {
    expect(mmr.options.safeParse({ lambda: 1.1 }).success).toBe(false);
    expect(mmr.options.parse({})).toEqual({ lambda: 0.9 });
  });
});
