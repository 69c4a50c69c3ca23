import { workerData } from "node:worker_threads";
import type { NativeGuard } from "../../embed/native-guard.ts";
import { describeFailure, type FailureCode } from "../../errors.ts";
import type { OcrLanguage, OcrLine, Raster } from "./ocr.ts";
import { ppOcr } from "./pp-ocr.ts";

/** What every thread of the pool is started with. */
export type OcrSetup = { readonly languages: readonly OcrLanguage[]; readonly guard: NativeGuard };

/** Failures lose their type on the way out of a thread. */
export type OcrAnswer =
  | { readonly lines: readonly OcrLine[] }
  | { readonly code: FailureCode; readonly message: string };

const { languages, guard } = workerData as OcrSetup;
/** One thread inside each: parallelism comes from the pool, and a result does not depend on how many there are. */
const ocr = ppOcr({ languages, threads: 1, guard });
const { signal } = new AbortController();

/** Entry point of the pool. */
export const recognise = async (picture: Raster): Promise<OcrAnswer> => {
  try {
    return { lines: await ocr.recognise(picture, signal) };
  } catch (error) {
    return describeFailure(error);
  }
};
