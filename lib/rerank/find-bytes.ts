import {
  add,
  type Code,
  constant,
  get,
  lazyKernel,
  lessThan,
  load,
  repeat,
  set,
  simd,
  store,
  times,
  unsigned,
  when,
} from "../wasm-code.ts";

/** Bytes of a text that are compared with a pattern. */
export const patternBytes = 4;
/** Sets of patterns that are told apart: bits of a byte. */
export const mostSets = 8;
/** Of a pattern byte: 16 bytes for its low half and 16 for its high half. */
const tableBytes = 32 * patternBytes;
/** Texts are looked at in blocks, which bounds the room for what is found: 32 bytes for 16 places, 8 for each place. */
const blockBytes = 32_768;
const foundAt = tableBytes;
const listAt = foundAt + 32 + 2 * blockBytes;
const endAt = listAt + 8 + 8 * blockBytes;
const textsAt = endAt + 16;

const lookUp = (table: Code, halves: Code): Code => simd(0x0e, table, halves);
const both = (a: Code, b: Code): Code => simd(0x4e, a, b);
const store32 = (address: Code, offset: number, value: Code): Code => [
  address,
  value,
  0x36,
  0,
  ...unsigned(offset),
];
const load32 = (address: Code): Code => [address, 0x28, 0, 0];
const load8 = (address: Code, offset: number): Code => [address, 0x2d, 0, ...unsigned(offset)];
const notZero = (value: Code): Code => [value, constant(0), 0x47];

/**
 * `find(at, end)`: compares the bytes from `at` to `end` with up to eight sets of patterns, 16 places at once, by the halves
 * of their bytes ("Teddy" of Hyperscan; Wang et al., NSDI 2019). The places where one fits go to the list, 8 bytes each: the
 * place and the bits of the sets that fit. Without branches, as those would mostly be foreseen wrongly: what
 * does not count is written over.
 */
const findCode = (): Code => {
  const [at, end, out, entry, list] = [0, 1, 2, 3, 4] as const;
  const [sets, found, lowBits, bytes] = [5, 6, 7, 8] as const;
  const tables = Array.from({ length: 2 * patternBytes }, (_, i) => 9 + i);
  const fits = (offset: number): Code =>
    both(
      lookUp(get(tables[2 * offset] ?? 0), both(get(bytes), get(lowBits))),
      lookUp(get(tables[2 * offset + 1] ?? 0), simd(0x6d, get(bytes), constant(4))),
    );
  const offsets = Array.from({ length: patternBytes }, (_, i) => i);
  const places = Array.from({ length: 16 }, (_, i) => i);
  return [
    set(lowBits, simd(0x0f, constant(15))),
    tables.map((table, i) => set(table, load(constant(16 * i)))),
    set(out, constant(foundAt)),
    repeat(
      [
        offsets.map((offset) => [
          set(bytes, load(get(at), offset)),
          set(found, offset === 0 ? fits(0) : both(get(found), fits(offset))),
        ]),
        store32(get(out), 0, get(at)),
        store(get(out), 16, get(found)),
        set(out, add(get(out), times(32, simd(0x53, get(found))))),
        set(at, add(get(at), constant(16))),
      ],
      lessThan(get(at), get(end)),
    ),
    set(entry, constant(foundAt)),
    set(list, constant(listAt)),
    when(
      lessThan(get(entry), get(out)),
      repeat(
        [
          places.map((place) => [
            store32(get(list), 0, add(load32(get(entry)), constant(place))),
            set(sets, load8(get(entry), 16 + place)),
            store32(get(list), 4, get(sets)),
            set(list, add(get(list), times(8, notZero(get(sets))))),
          ]),
          set(entry, add(get(entry), constant(32))),
        ],
        lessThan(get(entry), get(out)),
      ),
    ),
    store32(constant(endAt), 0, get(list)),
  ];
};

const kernelWith = lazyKernel({
  name: "find",
  parameters: 2,
  integers: 4,
  vectors: 3 + 2 * patternBytes,
  body: findCode(),
});

/** Room for at most so many bytes of text, in the kernel's memory; valid until the next call. */
export const roomForText = (most: number): Uint8Array =>
  new Uint8Array(kernelWith(textsAt + most + 64).memory.buffer, textsAt, most);

/** Lets `set` have this half of a byte, or any when there is none. */
const allow = (table: Uint8Array, half: number | undefined, set: number): void => {
  for (let i = 0; i < 16; i++)
    if (half === undefined || half === i) table[i] = (table[i] as number) | (1 << set);
};

/** The halves of the bytes that stand at each offset of the patterns of each set; a pattern may be shorter. */
const fillTables = (patterns: readonly (readonly Uint8Array[])[], tables: Uint8Array): void => {
  tables.fill(0);
  for (const [set, several] of patterns.entries())
    for (const pattern of several)
      for (let offset = 0; offset < patternBytes; offset++) {
        const byte = pattern[offset];
        const table = tables.subarray(32 * offset, 32 * (offset + 1));
        allow(table.subarray(0, 16), byte && byte & 15, set);
        allow(table.subarray(16), byte && byte >> 4, set);
      }
};

/**
 * Visits, in order, the places below `end` of the text in the room given last where a pattern begins, with the bits of the
 * sets that fit. `patterns[s]` are those of set `s`, at most `mostSets` of them; sets of several patterns also fit mixtures of them.
 */
export const findPatterns = (
  patterns: readonly (readonly Uint8Array[])[],
  end: number,
  visit: (at: number, sets: number) => void,
): void => {
  const { memory, find } = kernelWith(0);
  fillTables(patterns, new Uint8Array(memory.buffer, 0, tableBytes));
  const words = new Int32Array(memory.buffer);
  for (let at = 0; at < end; at += blockBytes) {
    find(textsAt + at, textsAt + Math.min(end, at + blockBytes));
    const last = (words[endAt >> 2] as number) >> 2;
    for (let entry = listAt >> 2; entry < last; entry += 2) {
      const place = (words[entry] as number) - textsAt;
      if (place < end) visit(place, words[entry + 1] as number);
    }
  }
};
