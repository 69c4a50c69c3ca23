import { z } from "zod";
import type { Bucket } from "../aws/bucket.ts";
import { readText } from "../aws/read-body.ts";

export const wakeReasons = [
  /** An object without an entry. */
  "missing",
  /** An object whose entry is a tombstone. */
  "reappeared",
  /** The object is not the one that the entry is about. */
  "changed",
  /** An entry whose object is gone. */
  "gone",
  /** `pending` or `processing` without progress. */
  "stuck",
  /** A failure that another run may mend. */
  "failed",
  /** `ready`, but the index does not hold its rows. */
  "incomplete",
] as const;
export type WakeReason = (typeof wakeReasons)[number];

const reportSchema = z.object({
  /** Has the pass reached its end? Else the next call goes on. */
  finished: z.boolean(),
  startedAt: z.int(),
  objects: z.int(),
  entries: z.int(),
  woken: z.record(z.enum(wakeReasons), z.int()),
  /** Some of the documents that were woken. */
  examples: z.array(z.object({ key: z.string(), reason: z.enum(wakeReasons) })),
  /** Garbage rows that were deleted. */
  collectedRows: z.int(),
  /** Documents made under another fingerprint; `kettle reindex` brings them up to date. */
  outdated: z.int(),
  /** Rows of documents that the ledger does not know: reported, never deleted. */
  unknownRows: z.int(),
  unknownDocuments: z.array(z.string()),
  /** Served documents that are not, or not whole, in today's collection: the alias waits for them. */
  waiting: z.int(),
  alias: z.enum(["current", "swapped", "waiting"]).nullable(),
  dropped: z.array(z.string()),
});
export type ReconcileReport = z.infer<typeof reportSchema>;

const passSchema = z.object({
  version: z.literal(1),
  phase: z.enum(["bucket", "ledger", "main", "low", "images", "end"]),
  cursor: z.string().nullable(),
  /** Rows of known documents, as they were counted on the way. */
  known: z.object({ main: z.int(), low: z.int(), images: z.int() }),
  report: reportSchema,
});
/** Where a pass stands: it outlives the function's time. */
export type Pass = z.infer<typeof passSchema>;

const examplesKept = 100;
const oldestPassMs = 24 * 3_600_000;
const cursorKey = "reconcile/cursor.json";
const reportKey = "reconcile/report.json";

export const newPass = (nowMs: number): Pass => ({
  version: 1,
  phase: "bucket",
  cursor: null,
  known: { main: 0, low: 0, images: 0 },
  report: {
    finished: false,
    startedAt: nowMs,
    objects: 0,
    entries: 0,
    woken: { missing: 0, reappeared: 0, changed: 0, gone: 0, stuck: 0, failed: 0, incomplete: 0 },
    examples: [],
    collectedRows: 0,
    outdated: 0,
    unknownRows: 0,
    unknownDocuments: [],
    waiting: 0,
    alias: null,
    dropped: [],
  },
});

export const noteWoken = ({ report }: Pass, key: string, reason: WakeReason): void => {
  report.woken[reason] += 1;
  if (report.examples.length < examplesKept) report.examples.push({ key, reason });
};

export const noteUnknown = ({ report }: Pass, documentId: string): void => {
  report.unknownRows += 1;
  const { unknownDocuments } = report;
  if (unknownDocuments.length < examplesKept && !unknownDocuments.includes(documentId))
    unknownDocuments.push(documentId);
};

/** The pass to go on with. One that is unreadable, or so old that its cursor may be worthless, is begun anew. */
export const loadPass = async (state: Bucket, nowMs: number): Promise<Pass> => {
  const object = await state.get(cursorKey);
  if (object === null) return newPass(nowMs);
  const text = await readText(object.body);
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    return newPass(nowMs);
  }
  const pass = passSchema.safeParse(value);
  const usable = pass.success && nowMs - pass.data.report.startedAt < oldestPassMs;
  return usable ? pass.data : newPass(nowMs);
};

export const savePass = async (state: Bucket, pass: Pass): Promise<void> => {
  await state.put(cursorKey, JSON.stringify(pass), { contentType: "application/json" });
};

/** The report of the last whole pass stays in the state bucket. */
export const endPass = async (state: Bucket, pass: Pass): Promise<ReconcileReport> => {
  const report = { ...pass.report, finished: true };
  await state.put(reportKey, JSON.stringify(report), { contentType: "application/json" });
  await state.delete([cursorKey]);
  return report;
};
