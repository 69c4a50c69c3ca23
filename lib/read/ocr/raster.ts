import type { Raster } from "./ocr.ts";

/** Scaled down by averaging, up by interpolation; both sides at least one pixel. */
export const resizeRaster = async (
  { data, width, height }: Raster,
  size: { readonly width: number; readonly height: number },
): Promise<Raster> => {
  if (size.width === width && size.height === height) return { data, width, height };
  const { default: sharp } = await import("sharp");
  const resized = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ ...size, fit: "fill", kernel: "linear" })
    .raw()
    .toBuffer();
  return { data: resized, ...size };
};

/** Turned by quarters, clockwise. */
export const turnRaster = ({ data, width, height }: Raster, quarters: 1 | 2 | 3): Raster => {
  const swapped = quarters !== 2;
  const turned = { width: swapped ? height : width, height: swapped ? width : height };
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [column, row] = turnPoint(x, y, { width, height }, quarters);
      const [from, to] = [3 * (y * width + x), 3 * (row * turned.width + column)];
      out[to] = data[from] ?? 0;
      out[to + 1] = data[from + 1] ?? 0;
      out[to + 2] = data[from + 2] ?? 0;
    }
  return { data: out, ...turned };
};

const turnPoint = (
  x: number,
  y: number,
  { width, height }: Pick<Raster, "width" | "height">,
  quarters: 1 | 2 | 3,
): readonly [x: number, y: number] => {
  if (quarters === 1) return [height - 1 - y, x];
  if (quarters === 2) return [width - 1 - x, height - 1 - y];
  return [y, width - 1 - x];
};
