import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../errors.ts";

export type Page = { readonly html: string; readonly headers: Readonly<Record<string, string>> };

/** CSP sources of the page's own inline blocks: whatever else gets into the page does not run. */
const inlineHashes = (html: string, tag: "script" | "style"): string =>
  Array.from(html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "g")), ([, text = ""]) => {
    const digest = createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("base64");
    return `'sha256-${digest}'`;
  }).join(" ") || "'none'";

const contentSecurityPolicy = (html: string, bucketOrigin: string): string =>
  [
    "default-src 'none'",
    `script-src ${inlineHashes(html, "script")}`,
    `style-src ${inlineHashes(html, "style")}`,
    `connect-src 'self' ${bucketOrigin}`,
    `img-src 'self' data: ${bucketOrigin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

/**
 * The page that `GET /` answers: web/index.html, one file with its script and style inside.
 * @param bucketOrigin where the presigned links point: the page uploads there, and shows pictures from there.
 * @throws AppError `NOT_AVAILABLE` when the file is not there.
 */
export const loadPage = async (root: string, bucketOrigin: string): Promise<Page> => {
  const html = await readFile(join(root, "web", "index.html"), "utf8").catch((cause: unknown) => {
    throw new AppError("NOT_AVAILABLE", "this installation has no web page; the API is at /openapi.json", {
      cause,
    });
  });
  return {
    html,
    headers: {
      "content-security-policy": contentSecurityPolicy(html, bucketOrigin),
      "cache-control": "no-cache",
    },
  };
};
