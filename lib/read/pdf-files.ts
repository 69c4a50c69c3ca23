import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Where pdf.js keeps what it loads at run time; folders end with a slash, as it wants them. */
export type PdfFiles = {
  /** URL of its worker module. */
  readonly worker: string;
  /** Predefined CMaps: without them, Chinese, Japanese and Korean text in fonts that are not embedded is lost. */
  readonly cmaps: string;
  readonly fonts: string;
  /** Of JPEG 2000 and colour profiles. */
  readonly decoders: string;
};

/**
 * Beside a bundle pdf.js's files lie in `pdfjs/` (packaging copies `cmaps`, `standard_fonts`, `wasm`
 * and `legacy/build/pdf.worker.mjs` there from the package, keeping these paths), in the sources in the package that pdf-parse depends on.
 */
const pdfjsFolder = (): string => {
  const bundled = fileURLToPath(new URL("./pdfjs", import.meta.url));
  if (existsSync(bundled)) return bundled;
  const parser = createRequire(import.meta.url).resolve("pdf-parse");
  return dirname(createRequire(parser).resolve("pdfjs-dist/package.json"));
};

/** @throws Error when one of them is missing: pdf.js itself would leave out text without a word. */
export const pdfFiles = (): PdfFiles => {
  const folder = pdfjsFolder();
  const worker = join(folder, "legacy/build/pdf.worker.mjs");
  const cmaps = join(folder, "cmaps/");
  const fonts = join(folder, "standard_fonts/");
  const decoders = join(folder, "wasm/");
  const missing = [worker, cmaps, fonts, decoders].filter((path) => !existsSync(path));
  if (missing.length > 0) throw new Error(`missing: ${missing.join(", ")}`);
  return { worker: pathToFileURL(worker).href, cmaps, fonts, decoders };
};
