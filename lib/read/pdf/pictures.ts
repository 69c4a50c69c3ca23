import type { Raster } from "../ocr/ocr.ts";
import { type Matrix, times } from "./matrix.ts";
import type { PdfOperators, PdfPage } from "./pdfjs.ts";

/** Operators of pdf.js (`OPS` in its src/shared/util.js). */
const ops = {
  save: 10,
  restore: 11,
  transform: 12,
  formBegin: 74,
  formEnd: 75,
  mask: 83,
  image: 85,
  inline: 86,
} as const;

/** Share of the page that a picture covers at least: a logo on an empty page is no scan. */
const leastShare = 0.02;
/** A scanner may store a page in strips. */
const mostPictures = 64;

/** A picture as pdf.js decodes it. */
type Decoded = {
  readonly width: number;
  readonly height: number;
  /** 1: one bit, white is 1; 2: RGB; 3: RGBA. A mask has none; its bits are as those of kind 1. */
  readonly kind?: number;
  readonly data: Uint8Array | Uint8ClampedArray;
};

/** Where a picture stands on the page, from the upper left corner, and what it is or is called. */
type Placed = { readonly source: unknown; readonly x: number; readonly y: number; readonly area: number };

const placed = (matrix: Matrix, source: unknown): Placed => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = matrix;
  return {
    source,
    x: e + Math.min(0, a, c, a + c),
    y: f + Math.min(0, b, d, b + d),
    area: Math.abs(a * d - b * c),
  };
};

const isMatrix = (value: unknown): value is Matrix => Array.isArray(value) && value.length === 6;

/** The matrix after an operator; `stack` holds those that were saved. */
const moved = (fn: number, args: unknown, matrix: Matrix, stack: Matrix[]): Matrix => {
  if (fn === ops.transform) return isMatrix(args) ? times(matrix, args) : matrix;
  if (fn === ops.restore || fn === ops.formEnd) return stack.pop() ?? matrix;
  if (fn !== ops.save && fn !== ops.formBegin) return matrix;
  stack.push(matrix);
  const own = fn === ops.formBegin && Array.isArray(args) ? args[0] : null;
  return isMatrix(own) ? times(matrix, own) : matrix;
};

const paints: ReadonlySet<number> = new Set([ops.image, ops.inline, ops.mask]);

/** Every picture that the page paints. */
const painted = ({ fnArray, argsArray }: PdfOperators, start: Matrix): Placed[] => {
  const found: Placed[] = [];
  const stack: Matrix[] = [];
  let matrix = start;
  for (const [at, fn] of fnArray.entries()) {
    const args = argsArray[at];
    matrix = moved(fn, args, matrix, stack);
    if (paints.has(fn) && Array.isArray(args)) found.push(placed(matrix, args[0]));
  }
  return found;
};

const isDecoded = (value: unknown): value is Decoded =>
  typeof value === "object" && value !== null && "data" in value && ArrayBuffer.isView(value.data);

/** Inline pictures are there; others, and masks that are used again, go by a name. */
const decoded = async (page: PdfPage, source: unknown): Promise<Decoded | null> => {
  const named =
    typeof source === "object" && source !== null && "data" in source && typeof source.data === "string"
      ? source.data
      : source;
  if (typeof named !== "string") return isDecoded(named) ? named : null;
  const objects = named.startsWith("g_") ? page.commonObjs : page.objs;
  const object = await new Promise<unknown>((resolve) => objects.get(named, resolve));
  return isDecoded(object) ? object : null;
};

const fromBits = ({ data, width, height }: Decoded): Uint8Array => {
  const rgb = new Uint8Array(3 * width * height);
  const stride = Math.ceil(width / 8);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (((data[y * stride + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1) {
        const at = 3 * (y * width + x);
        rgb.fill(255, at, at + 3);
      }
  return rgb;
};

/** What shines through is white, as paper. */
const withoutAlpha = ({ data, width, height }: Decoded): Uint8Array => {
  const rgb = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < rgb.length; from += 4) {
    const alpha = data[from + 3] ?? 255;
    for (let channel = 0; channel < 3; channel++)
      rgb[to++] = 255 - ((255 - (data[from + channel] ?? 0)) * alpha) / 255;
  }
  return rgb;
};

const rasterOf = (picture: Decoded): Raster => {
  const { width, height, kind } = picture;
  if (kind === 3) return { width, height, data: withoutAlpha(picture) };
  if (kind === 2) return { width, height, data: new Uint8Array(picture.data) };
  return { width, height, data: fromBits(picture) };
};

/**
 * The pictures of a page from top to bottom, one at a time: a scanned page is one, or a few strips. Small ones are left
 * out. Pictures that pdf.js cannot decode, or that have more pixels than it may decode, are missing.
 */
export const picturesOf = async function* (page: PdfPage): AsyncGenerator<Raster> {
  const { width, height, transform } = page.getViewport({ scale: 1 });
  const pictures = painted(await page.getOperatorList(), transform)
    .filter(({ area }) => area >= leastShare * width * height)
    .sort((a, b) => a.y - b.y || a.x - b.x)
    .slice(0, mostPictures);
  for (const { source } of pictures) {
    const picture = await decoded(page, source);
    if (picture !== null) yield rasterOf(picture);
  }
};
