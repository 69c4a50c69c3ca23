import type { Box, Raster } from "./ocr.ts";
import type { PpModels } from "./pp-models.ts";
import { turnRaster } from "./raster.ts";
import type { Rectangle } from "./rectangle.ts";

/** The widest lines tell which way up the page is; read so well, it stands upright. */
const askedLines = 3;
const surelyUpright = 0.9;

const isUpright = ({ width, height }: Rectangle): boolean => height > 1.5 * width;

export type Page = {
  readonly picture: Raster;
  readonly lines: readonly Rectangle[];
  readonly turns: 0 | 1 | 2 | 3;
};

/** How well lines are read, 0 to 1. */
const meanConfidence = async (
  models: PpModels,
  { picture }: Page,
  lines: readonly Rectangle[],
  turned: boolean,
): Promise<number> => {
  let sum = 0;
  for (const line of lines) sum += (await models.read(picture, line, turned)).confidence;
  return sum / lines.length;
};

/**
 * Turns a page that lies on its side or upside down, and looks for the lines again. PaddleOCR has a model that tells the
 * direction of a line; reading the lines both ways is right more often on small print.
 */
export const setUpright = async (models: PpModels, page: Page): Promise<Page> => {
  const onSide = page.lines.filter(isUpright).length * 2 > page.lines.length;
  const turned = onSide ? await turn(models, page.picture, 3) : page;
  const asked = turned.lines.toSorted((a, b) => b.width - a.width).slice(0, askedLines);
  const upright = await meanConfidence(models, turned, asked, false);
  if (upright >= surelyUpright || (await meanConfidence(models, turned, asked, true)) <= upright)
    return turned;
  return turn(models, page.picture, onSide ? 1 : 2);
};

const turn = async (models: PpModels, original: Raster, turns: 1 | 2 | 3): Promise<Page> => {
  const picture = turnRaster(original, turns);
  return { picture, lines: await models.find(picture), turns };
};

/** A box of the turned page as it lies in the picture that was given. */
export const turnedBack = (
  { x, y, width, height }: Box,
  turns: Page["turns"],
  picture: Pick<Raster, "width" | "height">,
): Box => {
  if (turns === 0) return { x, y, width, height };
  if (turns === 2) return { x: picture.width - x - width, y: picture.height - y - height, width, height };
  return turns === 1
    ? { x: y, y: picture.height - x - width, width: height, height: width }
    : { x: picture.width - y - height, y: x, width: height, height: width };
};
