import type { InferenceSession } from "onnxruntime-node";
import type { Products } from "../cluster/products.ts";
import { type Field, float, message, onnxFile, valueInfo } from "./onnx-file.ts";

/** A · Bᵀ: `a` `[m, d]`, `b` `[n, d]` → `c` `[m, n]`. */
const graph = (): Uint8Array => {
  const transposeB = message([1, "transB"], [3, 1], [20, 2]);
  const gemm = message([1, "a"], [1, "b"], [2, "c"], [4, "Gemm"], [5, transposeB]);
  const tensor = (field: number, name: string, shape: readonly string[]): Field => [
    field,
    valueInfo(name, float, shape),
  ];
  return message(
    [1, gemm],
    [2, "products"],
    tensor(11, "a", ["m", "d"]),
    tensor(11, "b", ["n", "d"]),
    tensor(12, "c", ["m", "n"]),
  );
};

/**
 * Products by ONNX Runtime's matrix kernels, three to five times as fast as the WebAssembly kernel. Its binding takes a
 * turn of the event loop before each product and holds it until that is done, on `threads` threads: so products are
 * asked for in blocks of some 10 ms. The last digits depend on the processor's instructions; on one machine the same
 * input gives the same output.
 */
export const onnxProducts = async (threads: number): Promise<Products> => {
  const { InferenceSession: Session, Tensor } = await import("onnxruntime-node");
  const options: InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    intraOpNumThreads: Math.max(1, threads),
    interOpNumThreads: 1,
    // An idle thread must not burn the vCPU that scans the products.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
  const session = await Session.create(onnxFile(graph(), 13), options);
  return async (a, b, d) => {
    const [m, n] = [a.length / d, b.length / d];
    if (m === 0 || n === 0) return new Float32Array(0);
    const { c } = await session.run({
      a: new Tensor("float32", a, [m, d]),
      b: new Tensor("float32", b, [n, d]),
    });
    if (!(c?.data instanceof Float32Array)) throw new Error("the matrix product is not float32");
    return c.data;
  };
};
