import { kernelWith, panelRows, unrolled } from "./panel-code.ts";

/** Rows that are copied to the kernel's memory at once, before they are packed. */
export const stagedRows = 64;
export const padded = (n: number, to = panelRows): number => to * Math.ceil(n / to);

/** Address of a row of so many bytes in panels from `start` on. */
const inPanels = (start: number, bytes: number, row: number): number =>
  start + (row - (row % panelRows)) * bytes + 16 * (row % panelRows);

/** Copies rows of `d` to the kernel's first rows of `stride`, the rest of each zeros. */
const staging = (numbers: Float32Array, d: number, stride: number) => {
  const each = (rows: readonly Float32Array[]): void => {
    if (d !== stride) numbers.fill(0, 0, stagedRows * stride);
    for (let row = 0; row < rows.length; row++) numbers.set(rows[row] as Float32Array, row * stride);
  };
  const part = (rows: Float32Array): void => {
    if (d === stride) numbers.set(rows);
    else each(Array.from({ length: rows.length / d }, (_, row) => rows.subarray(row * d, (row + 1) * d)));
  };
  return { part, each };
};

/**
 * Room in the kernel's memory for panels of rows of `d`, for the same as shorts if asked for, and for `more` products;
 * valid until the next call. Rows go to multiples of four; what is missing to a whole panel is left as it is.
 */
export const roomFor = (d: number, rows: number, more: number, withShorts = false) => {
  // A whole number of looks at the end for shorts too.
  const stride = padded(d, 8 * unrolled);
  const staged = stagedRows * stride;
  const shortsAt = staged + rows * stride;
  const end = shortsAt + (withShorts ? (rows * stride) / 2 : 0);
  const kernel = kernelWith(4 * (end + more));
  const numbers = new Float32Array(kernel.memory.buffer);
  const stage = staging(numbers, d, stride);
  const addressOf = (row: number): number => inPanels(4 * staged, 4 * stride, row);
  const shortAddressOf = (row: number): number => inPanels(4 * shortsAt, 2 * stride, row);
  const packStaged = (count: number, to: number): void => {
    for (let row = 0; row < count; row += panelRows) {
      kernel.pack(4 * row * stride, 4 * stride, addressOf(to + row));
      if (withShorts) kernel.packShorts(4 * row * stride, 4 * stride, shortAddressOf(to + row));
    }
  };
  return {
    /** The memory, and the same as integers: products are from `end` on. */
    numbers,
    integers: new Int32Array(kernel.memory.buffer),
    end,
    /** Rows `[n, d]`, the first as row `to`. */
    place: (part: Float32Array, to: number): void => {
      for (let from = 0; from * d < part.length; from += stagedRows) {
        const some = part.subarray(from * d, (from + stagedRows) * d);
        stage.part(some);
        packStaged(some.length / d, to + from);
      }
    },
    /** The same of rows that do not lie together. */
    placeEach: (rows: readonly Float32Array[], to: number): void => {
      for (let from = 0; from < rows.length; from += stagedRows) {
        const some = rows.slice(from, from + stagedRows);
        stage.each(some);
        packStaged(some.length, to + from);
      }
    },
    /** Products of rows `x` and `y` with the rows from `from` to `to`, multiples of four, to places `out` and `outY` on. */
    dots: (x: number, y: number, from: number, to: number, out: number, outY: number): void =>
      kernel.dots(addressOf(x), addressOf(y), addressOf(from), addressOf(to), 4 * stride, 4 * out, 4 * outY),
    shortDots: (x: number, y: number, from: number, to: number, out: number, outY: number): void =>
      kernel.shortDots(
        shortAddressOf(x),
        shortAddressOf(y),
        shortAddressOf(from),
        shortAddressOf(to),
        2 * stride,
        4 * out,
        4 * outY,
      ),
    dot: (x: number, y: number): number => {
      // What was copied there is packed by now.
      kernel.dot(addressOf(x), addressOf(y), 4 * stride, 0);
      return numbers[0] as number;
    },
  };
};
