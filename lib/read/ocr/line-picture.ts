import type { Raster } from "./ocr.ts";
import type { Rectangle } from "./rectangle.ts";

/** Most samples a pixel of the line takes from the picture, in each direction: enough not to lose strokes. */
const mostSamples = 4;

/** Writes the mean colour of a patch of the picture (blue, green, red) and gives nothing where it lies outside. */
const sampleInto = (
  { data, width, height }: Raster,
  x: number,
  y: number,
  sum: Float32Array,
  weight: number,
): void => {
  const left = Math.min(Math.max(x - 0.5, 0), width - 1);
  const top = Math.min(Math.max(y - 0.5, 0), height - 1);
  const [x0, y0] = [Math.floor(left), Math.floor(top)];
  const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)];
  const [fx, fy] = [left - x0, top - y0];
  for (let channel = 0; channel < 3; channel++) {
    const at = (column: number, row: number): number => data[3 * (row * width + column) + channel] ?? 0;
    const upper = at(x0, y0) * (1 - fx) + at(x1, y0) * fx;
    const lower = at(x0, y1) * (1 - fx) + at(x1, y1) * fx;
    sum[channel] = (sum[channel] ?? 0) + (upper * (1 - fy) + lower * fy) * weight;
  }
};

/**
 * The picture inside a rectangle, set level and scaled: `[3, height, width]` in the order blue, green, red, as
 * PaddleOCR's models were trained, scaled to −1…1.
 * @param turned upside down
 */
export const linePicture = (
  picture: Raster,
  { centre: [x, y], width, height, angle }: Rectangle,
  size: { readonly width: number; readonly height: number },
  turned: boolean,
): Float32Array => {
  const plane = size.width * size.height;
  const out = new Float32Array(3 * plane);
  const [cos, sin] = turned ? [-Math.cos(angle), -Math.sin(angle)] : [Math.cos(angle), Math.sin(angle)];
  const [stepU, stepV] = [width / size.width, height / size.height];
  const columns = Math.min(mostSamples, Math.max(1, Math.round(stepU)));
  const rows = Math.min(mostSamples, Math.max(1, Math.round(stepV)));
  const sum = new Float32Array(3);
  for (let at = 0; at < plane; at++) {
    const column = at % size.width;
    const row = (at - column) / size.width;
    sum.fill(0);
    for (let part = 0; part < columns * rows; part++) {
      const u = (column + ((part % columns) + 0.5) / columns) * stepU - width / 2;
      const v = (row + (Math.floor(part / columns) + 0.5) / rows) * stepV - height / 2;
      sampleInto(picture, x + u * cos - v * sin, y + u * sin + v * cos, sum, 1 / (columns * rows));
    }
    for (let channel = 0; channel < 3; channel++)
      out[(2 - channel) * plane + at] = (sum[channel] ?? 0) / 127.5 - 1;
  }
  return out;
};
