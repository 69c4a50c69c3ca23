import { readFile } from "node:fs/promises";
import type { InferenceSession } from "onnxruntime-node";
import { guarded, type NativeGuard } from "../../embed/native-guard.ts";
import { bandsOf } from "./bands.ts";
import { type Decoded, decodeCtc } from "./ctc.ts";
import { linePicture } from "./line-picture.ts";
import type { OcrLanguage, Raster } from "./ocr.ts";
import { ocrFiles } from "./ocr-files.ts";
import { resizeRaster } from "./raster.ts";
import type { Rectangle } from "./rectangle.ts";
import { textRegions } from "./text-regions.ts";

export type PpOcrOptions = {
  /** What may be read; without "zh" no Chinese character ever is. */
  readonly languages: readonly OcrLanguage[];
  /** Threads of one run of a model. */
  readonly threads: number;
  /** Counts native calls: who ends the thread that this runs in must wait for them. */
  readonly guard: NativeGuard;
  /** Longest side of the picture in which lines are looked for, in pixels: time and memory grow with its square. */
  readonly detectSide?: number;
};

/** What the models do with a picture. */
export type PpModels = {
  /** Rectangles around its lines of text, in its pixels. */
  find(picture: Raster): Promise<readonly Rectangle[]>;
  /** @param turned the line stands on its head */
  read(picture: Raster, line: Rectangle, turned: boolean): Promise<Decoded>;
};

const defaultDetectSide = 1_536;
const detectMultiple = 32;
/** PP-OCRv4 reads lines 48 pixels high. */
const lineHeight = 48;
const mostLineWidth = 48 * 80;
const leastLineWidth = 16;

type Model = (
  data: Float32Array,
  shape: readonly number[],
) => Promise<{ readonly data: Float32Array; readonly classes: number }>;

/** No spinning, so that idle threads leave the processor to others. */
const open = async (path: string, { threads, guard }: PpOcrOptions): Promise<Model> => {
  const ort = await import("onnxruntime-node");
  const session: InferenceSession = await guarded(guard, () =>
    ort.InferenceSession.create(path, {
      executionProviders: ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    }),
  );
  const [input = "", output = ""] = [session.inputNames[0], session.outputNames[0]];
  return async (data, shape) => {
    const results = await guarded(guard, () =>
      session.run({ [input]: new ort.Tensor("float32", data, shape) }),
    );
    const tensor = results[output];
    if (!(tensor?.data instanceof Float32Array)) throw new Error(`${path}: ${output} is not float32`);
    return { data: tensor.data, classes: tensor.dims.at(-1) ?? 1 };
  };
};

/** Means and deviations of ImageNet in the order blue, green, red, as PaddleOCR's detector was trained. */
const means = [0.485, 0.456, 0.406];
const deviations = [0.229, 0.224, 0.225];

const detectionInput = ({ data, width, height }: Raster): Float32Array => {
  const plane = width * height;
  const input = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const scale = 1 / (255 * (deviations[channel] ?? 1));
    const shift = (means[channel] ?? 0) / (deviations[channel] ?? 1);
    for (let at = 0; at < plane; at++)
      input[channel * plane + at] = (data[3 * at + 2 - channel] ?? 0) * scale - shift;
  }
  return input;
};

const multiple = (length: number): number =>
  Math.max(detectMultiple, Math.round(length / detectMultiple) * detectMultiple);

const findInBand = async (
  detect: Model,
  picture: Raster,
  detectSide: number,
): Promise<readonly Rectangle[]> => {
  const scale = Math.min(1, detectSide / Math.max(picture.width, picture.height));
  const size = { width: multiple(picture.width * scale), height: multiple(picture.height * scale) };
  const small = await resizeRaster(picture, size);
  const { data } = await detect(detectionInput(small), [1, 3, size.height, size.width]);
  const [x, y] = [picture.width / size.width, picture.height / size.height];
  return textRegions({ data, ...size }).map(({ centre, width, height, angle }) => ({
    centre: [centre[0] * x, centre[1] * y],
    width: width * x,
    height: height * y,
    angle,
  }));
};

const finder =
  (detect: Model, detectSide: number): PpModels["find"] =>
  async (picture) => {
    const found: Rectangle[] = [];
    for (const { top, height, from, to } of bandsOf(picture, detectSide)) {
      const row = 3 * picture.width;
      const data = picture.data.subarray(top * row, (top + height) * row);
      const lines = await findInBand(detect, { data, width: picture.width, height }, detectSide);
      for (const line of lines) {
        const [x, y] = [line.centre[0], line.centre[1] + top];
        if (y >= from && y < to) found.push({ ...line, centre: [x, y] });
      }
    }
    return found;
  };

const chinese = /\p{Script=Han}/u;

const allowedClasses = (
  characters: readonly string[],
  languages: readonly OcrLanguage[],
): Uint8Array | null =>
  languages.includes("zh")
    ? null
    : Uint8Array.from([1, ...characters.map((character) => (chinese.test(character) ? 0 : 1))]);

/** @throws AppError `MODEL_MISSING` */
export const loadPpModels = async (options: PpOcrOptions): Promise<PpModels> => {
  const files = ocrFiles();
  const detect = await open(files.detection, options);
  const recognise = await open(files.recognition, options);
  const characters = [...(await readFile(files.characters, "utf8")).trimEnd().split("\n"), " "];
  const allowed = allowedClasses(characters, options.languages);
  return {
    find: finder(detect, options.detectSide ?? defaultDetectSide),
    read: async (picture, line, turned) => {
      const wanted = Math.round((lineHeight * line.width) / line.height);
      const width = Math.min(mostLineWidth, Math.max(leastLineWidth, wanted));
      const input = linePicture(picture, line, { width, height: lineHeight }, turned);
      const { data, classes } = await recognise(input, [1, 3, lineHeight, width]);
      return decodeCtc(data, classes, { characters, allowed });
    },
  };
};
