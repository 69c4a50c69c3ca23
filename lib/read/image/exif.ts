import readExif, { type Exif } from "exif-reader";

/** What EXIF says of a picture, as metadata fields; what is absent is undefined. */
export type ExifFields = {
  readonly title?: string | undefined;
  readonly author?: string | undefined;
  readonly camera?: string | undefined;
  readonly created?: Date | undefined;
  readonly latitude?: number | undefined;
  readonly longitude?: number | undefined;
};

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.replaceAll("\0", "").trim() : undefined;

const date = (value: unknown): Date | undefined =>
  value instanceof Date && !Number.isNaN(value.getTime()) ? value : undefined;

/** Degrees, minutes and seconds as one number, six decimals (a tenth of a metre). */
const degrees = (parts: unknown, reference: unknown, negative: string): number | undefined => {
  if (!Array.isArray(parts)) return undefined;
  const [degree, minute = 0, second = 0] = parts.map(Number);
  if (degree === undefined || ![degree, minute, second].every(Number.isFinite)) return undefined;
  const value = Number((degree + minute / 60 + second / 3600).toFixed(6));
  return reference === negative ? -value : value;
};

const placeOf = ({ GPSInfo: gps }: Exif): Pick<ExifFields, "latitude" | "longitude"> => ({
  latitude: degrees(gps?.GPSLatitude, gps?.GPSLatitudeRef, "S"),
  longitude: degrees(gps?.GPSLongitude, gps?.GPSLongitudeRef, "W"),
});

/**
 * Broken EXIF is none: many programs write it wrongly, and the picture is whole. Cameras write local time without a
 * zone; it is taken as UTC.
 * @param place where it was taken tells where somebody lives: only when asked for
 */
export const exifFields = (exif: Uint8Array | undefined, place: boolean): ExifFields => {
  if (exif === undefined) return {};
  let tags: Exif;
  try {
    tags = readExif(Buffer.from(exif));
  } catch {
    return {};
  }
  const { Image: image, Photo: photo } = tags;
  const camera = [text(image?.Make), text(image?.Model)].filter((part) => part !== undefined).join(" ");
  return {
    title: text(image?.ImageDescription) ?? text(image?.DocumentName),
    author: text(image?.Artist),
    camera: camera === "" ? undefined : camera,
    created: date(photo?.DateTimeOriginal) ?? date(image?.DateTime),
    ...(place ? placeOf(tags) : {}),
  };
};
