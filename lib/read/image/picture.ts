import type { Metadata as Header, Sharp, SharpConstructor } from "sharp";
import { guarded, nativeGuard } from "../../embed/native-guard.ts";
import { AppError } from "../../errors.ts";
import { documentFailure, reason } from "../failures.ts";
import type { Raster } from "../ocr/ocr.ts";
import type { ReadInput } from "../reader.ts";

/** A picture whose header was read and found within the limits. */
export type Picture = {
  /** As it is seen, EXIF's orientation applied. */
  readonly width: number;
  readonly height: number;
  /** Pages of a TIFF, frames of a GIF; 1 otherwise. */
  readonly pages: number;
  readonly exif: Uint8Array | undefined;
  /** A page in RGB, scaled down to at most `pixels`, transparency as white. @param page from 0 */
  raster(page: number, pixels: number): Promise<Raster>;
  /**
   * A page as CLIP takes it: the shorter side scaled to `side`, cubically, then the square in the middle; transparency as
   * white. A JPEG of at most `mostSquareBytes`. @param page from 0
   */
  square(page: number, side: number): Promise<Uint8Array>;
};

/** So that one fits into a queue message with its text and its vector, whatever it shows. */
const mostSquareBytes = 60_000;
/** The first is what pictures get; the others are for noise, which does not pack. */
const jpegQualities = [95, 80, 50, 20] as const;

type Source = Pick<ReadInput, "bytes" | "key" | "limits" | "guard">;
type Make = (options: { readonly page: number }) => Sharp;

const tooLarge = ({ key, limits }: Source, { width, height }: Header): AppError =>
  documentFailure(
    "DOCUMENT_TOO_LARGE",
    key,
    `has ${width} × ${height} pixels; limits.pixels is ${limits.pixels}`,
  );

const corrupt = (key: string, error: unknown): AppError =>
  documentFailure("CORRUPT_DOCUMENT", key, `is not a readable picture: ${reason(error)}`, error);

const checkHeader = (source: Source, header: Header): void => {
  const { key, limits } = source;
  const pages = header.pages ?? 1;
  if (header.compression === "hevc")
    throw documentFailure(
      "UNSUPPORTED_TYPE",
      key,
      "is a HEIC picture packed with HEVC, whose patents keep it out of this build of libvips; save it as JPEG or AVIF",
    );
  if (header.width * (header.pageHeight ?? header.height) > limits.pixels) throw tooLarge(source, header);
  if (pages > limits.pages)
    throw documentFailure("DOCUMENT_TOO_LARGE", key, `has ${pages} pages; limits.pages is ${limits.pages}`);
};

/** EXIF orientations from 5 on lie on their side (CIPA DC-008, 4.6.5). */
const liesOnSide = (orientation: number | undefined): boolean => (orientation ?? 1) >= 5;

const loadSharp = async (): Promise<SharpConstructor> => {
  try {
    const { default: sharp } = await import("sharp");
    // Documents come once; what is kept of them is memory lost.
    sharp.cache(false);
    return sharp;
  } catch (error) {
    throw new AppError("INTERNAL", `sharp cannot be loaded: ${reason(error)}`, { cause: error });
  }
};

type Size = { readonly width: number; readonly height: number };

const within = ({ width, height }: Size, pixels: number): Size => {
  const scale = Math.min(1, Math.sqrt(pixels / (width * height)));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
};

const pageRaster = async (make: Make, page: number, size: Size): Promise<Raster> => {
  const { data, info } = await make({ page })
    .autoOrient()
    .resize({ ...size, fit: "inside", withoutEnlargement: true })
    .flatten({ background: "#fff" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
};

/** As transformers' CLIPImageProcessor: the longer side is rounded down, the middle is cut out. */
const squareOf = ({ width, height }: Size, side: number) => {
  const shorter = Math.min(width, height);
  const scaled = (length: number): number => Math.floor((side * length) / shorter);
  const size = { width: scaled(width), height: scaled(height) };
  const left = Math.floor((size.width - side) / 2);
  const top = Math.floor((size.height - side) / 2);
  return { size, middle: { left, top, width: side, height: side } };
};

const pageSquare = async (make: Make, page: number, whole: Size, side: number): Promise<Uint8Array> => {
  const { size, middle } = squareOf(whole, side);
  const { data, info } = await make({ page })
    .autoOrient()
    // Shrunk by the JPEG decoder itself, pictures differ from those that models were trained on by 1.7 steps of 256, not .2.
    .resize({ ...size, fit: "fill", kernel: "cubic", fastShrinkOnLoad: false })
    .extract(middle)
    .flatten({ background: "#fff" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const sharp = await loadSharp();
  const raw = { width: info.width, height: info.height, channels: info.channels };
  for (const quality of jpegQualities) {
    const jpeg = await sharp(data, { raw }).jpeg({ quality, chromaSubsampling: "4:4:4" }).toBuffer();
    if (jpeg.length <= mostSquareBytes) return jpeg;
  }
  throw new RangeError(`the picture does not pack into ${mostSquareBytes} bytes`);
};

/**
 * Opens a picture by its header: nothing is decoded yet, so a picture too large costs nothing.
 * @throws AppError `CORRUPT_DOCUMENT`, `DOCUMENT_TOO_LARGE`, `UNSUPPORTED_TYPE`
 */
export const openPicture = async (source: Source): Promise<Picture> => {
  const { bytes, key, limits, guard = nativeGuard() } = source;
  const sharp = await loadSharp();
  const native = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await guarded(guard, call);
    } catch (error) {
      throw corrupt(key, error);
    }
  };
  const header = await native(() => sharp(bytes, { limitInputPixels: false }).metadata());
  checkHeader(source, header);
  const make: Make = ({ page }) =>
    sharp(bytes, { page, limitInputPixels: limits.pixels, sequentialRead: true, failOn: "error" });
  const { width, pageHeight: height = header.height } = header;
  const side = liesOnSide(header.orientation);
  const size = side ? { width: height, height: width } : { width, height };
  return {
    ...size,
    pages: header.pages ?? 1,
    exif: header.exif,
    raster: (page, pixels) => native(() => pageRaster(make, page, within(size, pixels))),
    square: (page, side) => native(() => pageSquare(make, page, size, side)),
  };
};
