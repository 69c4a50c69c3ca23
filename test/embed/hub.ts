import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type HubFile = {
  body: Buffer;
  type?: string;
  etag?: string | null;
  /** Sends so many bytes, then nothing more. */
  hangAfter?: number | undefined;
  status?: number;
  /** Where it really is. */
  location?: string;
};

export type Hub = {
  readonly url: string;
  readonly files: Map<string, HubFile>;
  /** `GET /path range`, in order. */
  readonly requests: string[];
  /** Breaks every connection. */
  drop(): void;
  close(): Promise<void>;
};

const strongTag = (file: HubFile): string | null =>
  file.etag === undefined ? `"${createHash("sha256").update(file.body).digest("hex")}"` : file.etag;

/** Where the answer starts: a range counts only while the file is still the one of `If-Range`. */
const startOf = (request: IncomingMessage, tag: string | null): number => {
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
  return range && tag !== null && request.headers["if-range"] === tag ? Number(range[1]) : 0;
};

const answer = (file: HubFile, request: IncomingMessage, response: ServerResponse): void => {
  if (file.location) {
    response.writeHead(302, { location: file.location }).end();
    return;
  }
  const tag = strongTag(file);
  const start = startOf(request, tag);
  const body = file.body.subarray(start);
  response.writeHead(file.status ?? (start > 0 ? 206 : 200), {
    "content-type": file.type ?? "application/octet-stream",
    "content-length": body.length,
    ...(tag === null ? {} : { etag: tag }),
    ...(start > 0 ? { "content-range": `bytes ${start}-${file.body.length - 1}/${file.body.length}` } : {}),
  });
  if (file.hangAfter === undefined) response.end(body);
  else response.write(body.subarray(0, file.hangAfter));
};

/** A model hub on a free port of 127.0.0.1. */
export const startHub = async (): Promise<Hub> => {
  const files = new Map<string, HubFile>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push([request.method, path, request.headers.range].filter(Boolean).join(" "));
    const file = files.get(path);
    if (file) answer(file, request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    requests,
    drop: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
