/**
 * WebAssembly written down in its opcodes, for inner loops of 128-bit SIMD: V8 does not vectorise JavaScript.
 * Binary format: https://webassembly.github.io/spec/core/binary/
 */

export type Code = readonly (number | Code)[];

const flat = (code: Code): number[] =>
  code.flatMap((part) => (typeof part === "number" ? [part] : flat(part)));
export const unsigned = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
const signed = (value: number): number[] =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
const list = (...items: readonly Code[]): Code => [...unsigned(items.length), ...items];
const sized = (...code: Code): Code => [...unsigned(flat(code).length), ...code];
const text = (name: string): Code => list(...[...name].map((letter) => [letter.charCodeAt(0)]));

const [i32, v128] = [0x7f, 0x7b];
export const get = (local: number): Code => [0x20, local];
export const set = (local: number, ...value: Code): Code => [...value, 0x21, local];
export const constant = (value: number): Code => [0x41, ...signed(value)];
export const add = (a: Code, b: Code): Code => [a, b, 0x6a];
export const times = (factor: number, value: Code): Code => [value, constant(factor), 0x6c];
export const lessThan = (a: Code, b: Code): Code => [a, b, 0x49];
/** The body again as long as the condition holds. */
export const repeat = (body: Code, condition: Code): Code => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b];
export const when = (condition: Code, body: Code): Code => [condition, 0x04, 0x40, body, 0x0b];

/** An instruction of the SIMD set, behind its operands. */
export const simd = (opcode: number, ...operands: readonly Code[]): Code => [
  ...operands,
  0xfd,
  ...unsigned(opcode),
];
export const load = (address: Code, offset = 0): Code => [simd(0x00, address), 0, ...unsigned(offset)];
export const store = (address: Code, offset: number, value: Code): Code => [
  simd(0x0b, address, value),
  0,
  ...unsigned(offset),
];
export const zeros: Code = [simd(0x0c), ...new Array<number>(16).fill(0)];

/** A function of i32 parameters that returns nothing; its locals are numbered on: first i32, then v128. */
export type Procedure<Name extends string> = {
  readonly name: Name;
  readonly parameters: number;
  readonly integers: number;
  readonly vectors: number;
  readonly body: Code;
};

const moduleBytes = (procedures: readonly Procedure<string>[]): Uint8Array =>
  Uint8Array.from(
    flat([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      [
        1,
        sized(
          list(
            ...procedures.map(({ parameters }) => [
              0x60,
              list(...new Array<Code>(parameters).fill([i32])),
              0,
            ]),
          ),
        ),
      ],
      [3, sized(list(...procedures.map((_, i) => [i])))],
      [5, sized(list([0, 1]))],
      [7, sized(list([text("memory"), 2, 0], ...procedures.map(({ name }, i) => [text(name), 0, i])))],
      [
        10,
        sized(
          list(
            ...procedures.map(({ integers, vectors, body }) =>
              sized(list([...unsigned(integers), i32], [...unsigned(vectors), v128]), body, 0x0b),
            ),
          ),
        ),
      ],
    ]),
  );

type Kernel<Name extends string> = Readonly<Record<Name, (...parameters: readonly number[]) => void>> & {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
};

/** What of WebAssembly is used; neither `lib` ES2024 nor Node's types declare it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new <Exports>(module: object) => { readonly exports: Exports };
};

/**
 * Compiles the procedures when first asked for; gives them with a memory of at least so many bytes. One instance a
 * thread, as its memory reserves much address space; it grows to the largest need and stays.
 */
export const lazyKernel = <Name extends string>(...procedures: readonly Procedure<Name>[]) => {
  let kernel: Kernel<Name> | null = null;
  return (bytes: number): Kernel<Name> => {
    kernel ??= new WebAssembly.Instance<Kernel<Name>>(new WebAssembly.Module(moduleBytes(procedures)))
      .exports;
    const missing = bytes - kernel.memory.buffer.byteLength;
    if (missing > 0) kernel.memory.grow(Math.ceil(missing / 65_536));
    return kernel;
  };
};
