import { embeddedStore } from "../../lib/store/embedded.ts";
import { at, row, spec } from "./rows.ts";

/**
 * A process that writes batches into a store until it is killed or done, and tells its parent of each that was
 * acknowledged. Arguments: path, writer's name, rows a batch, batches (0: without end), "own" or "shared" ids.
 */
const [path = "", writer = "", size = "1", batches = "0", ownership = "own"] = process.argv.slice(2);

/** Each write of a batch replaces all of its rows by a new generation, or writes them for the first time. */
const batchRows = (batch: number, generation: number) =>
  Array.from({ length: Number(size) }, (_, i) =>
    row(ownership === "shared" ? `shared-${i}` : `${writer}-${batch}-${i}`, {
      documentId: ownership === "shared" ? "shared" : `${writer}-${batch}`,
      run: generation,
      ordinal: i,
      text: `${writer}batch${batch} generation${generation} ${"filler ".repeat(40)}`,
      vector: at(i),
    }),
  );

const store = embeddedStore({ path });
await store.ensure(spec("c"));
process.send?.({ ready: true });
for (let n = 0; Number(batches) === 0 || n < Number(batches); n++) {
  // Every third write goes over the batch before it.
  const batch = n % 3 === 2 ? n - 1 : n;
  await store.upsert("c", batchRows(batch, n + 1));
  process.send?.({ batch, generation: n + 1 });
}
await store.close();
process.disconnect?.();
