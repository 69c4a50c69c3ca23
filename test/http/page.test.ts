import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadPage } from "../../lib/http/page.ts";

const root = join(import.meta.dirname, "../..");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kettle-page-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("the page's own script and style may run, by their hashes, and nothing else", async () => {
  const { html, headers } = await loadPage(root, "http://127.0.0.1:4566");
  const csp = headers["content-security-policy"]!;
  expect(html).toBe(await readFile(join(root, "web/index.html"), "utf8"));
  const scripts = Array.from(html.matchAll(/<script>([\s\S]*?)<\/script>/g), ([, text]) => text!);
  expect(scripts.length).toBeGreaterThan(0);
  for (const script of scripts)
    expect(csp).toContain(`'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  expect(csp).toContain("connect-src 'self' http://127.0.0.1:4566");
  expect(csp).toContain("img-src 'self' data: http://127.0.0.1:4566");
  expect(csp).not.toMatch(/unsafe|\*/);
});

it("the page holds nothing that its policy forbids: inline handlers, style attributes, files from elsewhere", async () => {
  const { html } = await loadPage(root, "http://127.0.0.1:4566");
  expect(html).not.toMatch(/\son[a-z]+\s*=\s*["']/i);
  expect(html).not.toMatch(/\sstyle\s*=\s*["']/i);
  expect(html).not.toMatch(/<(script|link|img|iframe)[^>]+(src|href)\s*=\s*["']?https?:/i);
});

it("a page without inline blocks may run none", async () => {
  await mkdir(join(folder, "web"));
  await writeFile(join(folder, "web/index.html"), "<p>hello</p>");
  const { headers } = await loadPage(folder, "https://s3.example.com");
  expect(headers["content-security-policy"]).toContain("script-src 'none'");
});

it("an installation without a page says so", async () => {
  await expect(loadPage(join(folder, "nowhere"), "https://s3.example.com")).rejects.toMatchObject({
    code: "NOT_AVAILABLE",
  });
});
