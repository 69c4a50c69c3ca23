import { describe, expect, it } from "vitest";
import { kmeans } from "../../lib/cluster/kmeans.ts";
import { kernelProducts } from "../../lib/cluster/products.ts";
import { onnxProducts } from "../../lib/linalg/onnx-products.ts";
import { planted, sameGroups } from "../cluster/planted.ts";
import { productsContract } from "../contract/products.ts";

productsContract("WebAssembly kernel", async () => kernelProducts);
productsContract("ONNX Runtime", () => onnxProducts(2));

describe("k-means", () => {
  it("finds the same clusters whatever multiplies its matrices", async () => {
    const { vectors } = planted({ n: 1_500, k: 12, d: 48, spread: 0.7, seed: 4 });
    const [plain, onnx] = await Promise.all(
      [kernelProducts, await onnxProducts(1)].map((products) =>
        kmeans.fit(vectors, 48, { k: 12, seed: 3, products }),
      ),
    );
    expect(sameGroups(plain!.labels, onnx!.labels)).toBe(true);
  });
});
