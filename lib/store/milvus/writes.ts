import type { RowData } from "@zilliz/milvus2-sdk-node";
import type { ChunkRow } from "../../chunk-row.ts";
import { AppError } from "../../errors.ts";
import { checkRows } from "../collections.ts";
import type { Connection } from "./connection.ts";
import { chunksOf, idsIn } from "./reads.ts";
import { batchesOf, type PreparedRow, prepareRow } from "./rows.ts";
import type { Layout } from "./schema.ts";

/** Far below the server's 64 MiB a message: the SDK copies each several times. */
const batch = { maxBytes: 4 * 2 ** 20, maxRows: 1_000 } as const;
const idsPerDelete = 1_000;

const upsertBatch = async (
  connection: Connection,
  name: string,
  rows: readonly PreparedRow[],
): Promise<void> => {
  const data = rows.map((row) => ({ ...row.data }) as RowData);
  const answer = await connection.call("Upsert", name, (sdk) =>
    sdk.upsert({ collection_name: name, data, timeout: connection.timeoutMs }),
  );
  const written = Number(answer.upsert_cnt);
  if (written === rows.length && answer.err_index.length === 0) return;
  throw new AppError(
    "STORE_UNAVAILABLE",
    `Milvus at ${connection.address}: Upsert of ${name} took ${written} of ${rows.length} rows`,
  );
};

/**
 * Every row is checked before the first is sent; of equal ids the last is, since servers differ in which they keep.
 * @throws AppError `STORE_REFUSED` for what the collection cannot hold
 */
export const upsertRows = async (
  connection: Connection,
  layout: Layout,
  rows: readonly ChunkRow[],
): Promise<void> => {
  const prepared = checkRows(rows, layout.spec).map((row) => prepareRow(row, layout));
  for (const some of batchesOf(prepared, batch)) await upsertBatch(connection, layout.spec.name, some);
};

/** By id: a delete by expression is counted, and made consistent, by the server's own rules. */
export const deleteIds = async (
  connection: Connection,
  name: string,
  ids: readonly string[],
): Promise<void> => {
  for (const some of chunksOf(ids, idsPerDelete))
    await connection.call("Delete", name, (sdk) =>
      sdk.deleteEntities({ collection_name: name, expr: idsIn(some), timeout: connection.timeoutMs }),
    );
};
