import { exifFields } from "./image/exif.ts";
import { openPicture, type Picture } from "./image/picture.ts";
import { flatMetadata } from "./metadata.ts";
import { textOfLines } from "./ocr/ocr-text.ts";
import { readingAhead } from "./ocr/reading-ahead.ts";
import type { Block, FoundPicture, ReadDocument, Reader, ReadInput } from "./reader.ts";

/** Of the picture that OCR reads: 300 dots an inch of an A4 page, 26 MB. */
const ocrPixels = 3_508 * 2_480;
/** Enough to see whether the picture can be decoded. */
const probePixels = 4_096;

const readPages = async (picture: Picture, input: ReadInput): Promise<readonly Block[]> => {
  const { ocr, signal, onPage } = input;
  if (!ocr) return [];
  const ahead = readingAhead(ocr, signal);
  const reading: Promise<readonly Block[]>[] = [];
  let done = 0;
  for (let page = 0; page < picture.pages; page++) {
    signal.throwIfAborted();
    const { lines } = await ahead.recognise(await picture.raster(page, ocrPixels));
    const place = picture.pages === 1 ? null : page + 1;
    const blocks = lines.then((found): Block[] => {
      onPage?.(++done, picture.pages);
      const read = textOfLines(found);
      return read ? [{ kind: "text", ...read, page: place, headings: [], header: "" }] : [];
    });
    // Its failure is told below, unless another page fails first.
    blocks.catch(() => undefined);
    reading.push(blocks);
  }
  return (await Promise.all(reading)).flat();
};

/** Words of a file's name: `IMG_2041-red-kite.jpg` → `IMG 2041 red kite`. */
const nameOf = (key: string): string =>
  (key.split("/").at(-1) ?? key)
    .replace(/\.[^.]*$/, "")
    .replace(/[_\-+.]+/g, " ")
    .trim();

const describe = (key: string, metadata: ReadDocument["metadata"]): Block => {
  const { title, camera, created, author } = metadata;
  const said = [nameOf(key) || key, title, author, camera, created].filter((part) => part !== undefined);
  return { kind: "text", text: said.join("\n"), page: null, headings: [], header: "" };
};

const withoutText = (input: ReadInput): readonly string[] => {
  const found = `it is found by its name, title and EXIF${input.pictures ? ", and by what it shows" : ""}`;
  if (!input.ocr)
    return [
      `OCR is off (embedding.images.ocrLanguages is empty), so text in the picture was not read; ${found}`,
    ];
  return input.pictures
    ? []
    : [
        `no text was found in the picture, and no image model such as clip-vit-b32 is in use (\`npm run models -- pull clip\`): ${found}`,
      ];
};

/** Of the text in a picture: enough to tell what it is about. */
const mostTextOfPicture = 500;

/** The pages for image search, as many as the quota leaves. */
const takePictures = async (
  picture: Picture,
  described: string,
  blocks: readonly Block[],
  { pictures: quota, signal }: ReadInput,
): Promise<readonly FoundPicture[]> => {
  if (!quota) return [];
  const found: FoundPicture[] = [];
  const pages = Math.min(picture.pages, quota.left);
  quota.left -= pages;
  for (let at = 0; at < pages; at++) {
    signal.throwIfAborted();
    const page = picture.pages === 1 ? null : at + 1;
    const read = blocks.find((block) => block.page === page)?.text.slice(0, mostTextOfPicture) ?? "";
    const text = [described, read].filter((part) => part !== "").join("\n");
    found.push({ text, page, headings: [], jpeg: await picture.square(at, quota.side) });
  }
  return found;
};

const leftOut = (picture: Picture, { pictures: quota }: ReadInput, taken: number): readonly string[] =>
  quota && taken < picture.pages
    ? [
        `${picture.pages - taken} of its pictures are not found by what they show: embedding.images.most is reached`,
      ]
    : [];

/**
 * Pictures by sharp: their text by OCR, a block a page. One without text still becomes a block of what its name and
 * EXIF say. It is decoded even when OCR is off, so that a broken
 * one is told.
 */
export const imageReader: Reader = {
  version: 1,
  read: async (input) => {
    const picture = await openPicture(input);
    const { pages, width, height } = picture;
    const metadata = flatMetadata({
      ...exifFields(picture.exif, input.gps ?? false),
      width,
      height,
      ...(pages > 1 && { pages }),
    });
    if (!input.ocr) await picture.raster(0, probePixels);
    const blocks = await readPages(picture, input);
    const described = describe(input.key, metadata);
    const pictures = await takePictures(picture, described.text, blocks, input);
    const notes = leftOut(picture, input, pictures.length);
    if (blocks.length > 0) return { blocks, metadata, pictures, notes };
    return {
      blocks: [described],
      metadata,
      pictures,
      notes: [...withoutText(input), ...notes],
      noText: true,
    };
  },
};
