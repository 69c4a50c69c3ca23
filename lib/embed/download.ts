import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../errors.ts";
import { completePart, discardPart, partOf, partSize, readPart, rememberOrigin } from "./part-file.ts";

export type Download = {
  readonly url: string;
  /** Where the finished file goes; until then its bytes are in `<path>.part`. */
  readonly path: string;
  /** Size that the manifest promises, if it does. */
  readonly bytes?: number | undefined;
  readonly signal: AbortSignal;
  /** A connection that gives no byte for so long is dead. */
  readonly idleTimeoutMs: number;
  /** Bytes on disk so far, of how many if the server says. */
  readonly onProgress: (done: number, total: number | null) => void;
  /** Decides whether the finished bytes become the file; throws if not, and they are thrown away. */
  readonly accept: (sha256: string, bytes: number) => void;
};

export type Downloaded = { readonly sha256: string; readonly bytes: number };

const problem = (what: string, help: string, cause?: unknown): AppError =>
  new AppError("MODEL_MISSING", `${what}; ${help}`, { cause });

const tryLater = "what has arrived is kept, run the same command again to go on";

const refuseStatus = (url: string, status: number): void => {
  if (status === 200 || status === 206) return;
  if (status === 404)
    throw problem(
      `${url} is not there (404)`,
      "the hub has moved or renamed it; correct models/manifest.json",
    );
  if (status === 401 || status === 403)
    throw problem(`${url} is not open to everyone (${status})`, "choose another hub by KETTLE_MODEL_HUB");
  throw problem(`${url} answered ${status}`, tryLater);
};

/** Where the body starts in the file, and how long the whole file is. */
const extent = (response: Response): { start: number; total: number | null } => {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  if (response.status === 206 && range)
    return { start: Number(range[1]), total: range[2] === "*" ? null : Number(range[2]) };
  const length = response.headers.get("content-length");
  return { start: 0, total: length === null ? null : Number(length) };
};

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const sane = async (download: Download, response: Response, start: number, total: number | null) => {
  if (response.headers.get("content-type")?.startsWith("text/html"))
    throw problem(`${download.url} answered with a web page`, "is KETTLE_MODEL_HUB a model hub?");
  if (total === null) return;
  if (download.bytes !== undefined && total !== download.bytes)
    throw new AppError(
      "MODEL_HASH_MISMATCH",
      `${download.url} has ${total} bytes, the manifest says ${download.bytes}; the hub holds another file`,
    );
  const folder = dirname(download.path);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < total - start)
    throw problem(
      `${download.path} needs ${megabytes(total - start)}, ${folder} has ${megabytes(bavail * bsize)} free`,
      "make room",
    );
};

/** Ends a request that gives nothing for too long, or whose caller gave up. */
const watchdog = ({ signal, idleTimeoutMs }: Download) => {
  const idle = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => idle.abort(), idleTimeoutMs);
  };
  alive();
  return {
    signal: AbortSignal.any([signal, idle.signal]),
    alive,
    timedOut: () => idle.signal.aborted,
    stop: () => clearTimeout(timer),
  };
};

type Watchdog = ReturnType<typeof watchdog>;

const request = async (download: Download, dog: Watchdog): Promise<Response> => {
  const partial = await readPart(download.path, download.url);
  // Ranges count the bytes of the file, so the server must not compress it.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (partial) Object.assign(headers, { range: `bytes=${partial.offset}-`, "if-range": partial.etag });
  const response = await fetch(download.url, { headers, signal: dog.signal });
  const wrongStart = response.status === 206 && extent(response).start !== partial?.offset;
  if (response.status !== 416 && !wrongStart) return response;
  await response.body?.cancel();
  await discardPart(download.path);
  return fetch(download.url, { headers: { "accept-encoding": "identity" }, signal: dog.signal });
};

const hashBeginning = async (path: string, length: number): Promise<Hash> => {
  const hash = createHash("sha256");
  if (length > 0) for await (const block of createReadStream(path, { end: length - 1 })) hash.update(block);
  return hash;
};

/** Appends the body to the part file. @returns the bytes on disk and their hash */
const receive = async (
  { path, onProgress }: Download,
  response: Response,
  { start, total }: { start: number; total: number | null },
  dog: Watchdog,
): Promise<Downloaded> => {
  const hash = await hashBeginning(partOf(path), start);
  const file = await open(partOf(path), start > 0 ? "r+" : "w");
  let done = start;
  try {
    for await (const block of response.body ?? []) {
      dog.alive();
      await file.write(block, 0, block.length, done);
      hash.update(block);
      done += block.length;
      onProgress(done, total);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (total !== null && done !== total)
    throw new TypeError(`the connection ended at ${done} of ${total} bytes`);
  return { sha256: hash.digest("hex"), bytes: done };
};

const finish = async (download: Download, result: Downloaded): Promise<Downloaded> => {
  try {
    download.accept(result.sha256, result.bytes);
  } catch (error) {
    await discardPart(download.path);
    throw error;
  }
  await completePart(download.path);
  return result;
};

const attempt = async (download: Download): Promise<Downloaded> => {
  const dog = watchdog(download);
  try {
    const response = await request(download, dog);
    refuseStatus(download.url, response.status);
    const { start, total } = extent(response);
    await sane(download, response, start, total);
    await rememberOrigin(download.path, download.url, response.headers.get("etag"));
    download.onProgress(start, total);
    return await receive(download, response, { start, total }, dog);
  } catch (error) {
    if (error instanceof AppError || download.signal.aborted) throw error;
    if (dog.timedOut())
      throw problem(`${download.url} gave nothing for ${download.idleTimeoutMs / 1000} s`, tryLater, error);
    throw error;
  } finally {
    dog.stop();
  }
};

const unreachable = (download: Download, error: unknown): AppError => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return problem(
    `${download.url} cannot be reached (${code})`,
    `check the network, or name a mirror by KETTLE_MODEL_HUB, or put the file at ${download.path} by hand; ${tryLater}`,
    error,
  );
};

/** Trouble with our own disk is not the network's. */
const isLocal = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  ["ENOSPC", "EACCES", "EROFS", "EPERM"].includes(String(error.code));

const isFinal = (error: unknown): boolean => error instanceof AppError || isLocal(error);

const fruitlessAttempts = 3;

/**
 * Fetches one file, going on where an earlier run stopped. The file appears under its name only when it is whole and
 * accepted. A connection that breaks is taken up again until three attempts in a row have brought nothing.
 * @throws AppError `MODEL_MISSING` (with what to do), `MODEL_HASH_MISMATCH`; whatever `accept` throws; AbortError
 */
export const download = async (wanted: Download): Promise<Downloaded> => {
  await mkdir(dirname(wanted.path), { recursive: true });
  for (let fruitless = 0; ; ) {
    const before = await partSize(wanted.path);
    try {
      return await finish(wanted, await attempt(wanted));
    } catch (error) {
      wanted.signal.throwIfAborted();
      if (isFinal(error)) throw error;
      fruitless = (await partSize(wanted.path)) > before ? 0 : fruitless + 1;
      if (fruitless === fruitlessAttempts) throw unreachable(wanted, error);
    }
    await delay(200, undefined, { signal: wanted.signal });
  }
};
