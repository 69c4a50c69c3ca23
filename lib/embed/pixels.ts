import { AppError } from "../errors.ts";

export type PixelOptions = {
  /** Of the square picture. */
  readonly side: number;
  /** Of red, green and blue, as the model was trained with. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
};

/**
 * A square picture as a model takes it: `[3, side, side]`, each colour (value / 255 − mean) / std.
 * @throws AppError `EMBEDDING_FAILED` when it is not a picture of that size
 */
export const pixelsOf = async (picture: Uint8Array, options: PixelOptions): Promise<Float32Array> => {
  const { side, mean, std } = options;
  const { default: sharp } = await import("sharp");
  const { data, info } = await sharp(picture, { failOn: "error" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== side || info.height !== side || info.channels !== 3)
    throw new AppError(
      "EMBEDDING_FAILED",
      `a picture of ${info.width} × ${info.height} pixels came to a model that takes ${side} × ${side} in colour`,
    );
  const area = side * side;
  const pixels = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    const scale = 255 * (std[channel] ?? 1);
    const shift = (mean[channel] ?? 0) / (std[channel] ?? 1);
    for (let at = 0; at < area; at++)
      pixels[channel * area + at] = (data[3 * at + channel] ?? 0) / scale - shift;
  }
  return pixels;
};
