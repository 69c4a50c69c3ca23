/** A protobuf field: a number is a varint, everything else is length-delimited. */
export type Field = readonly [number: number, value: number | string | Uint8Array];

/** ONNX element types, TensorProto.DataType. */
export const float = 1;
export const int64 = 7;

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
};

/** A protobuf message; the field numbers of an ONNX file are those of onnx.proto. */
export const message = (...fields: readonly Field[]): Uint8Array =>
  Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === "number") return Buffer.from([...varint(number << 3), ...varint(value)]);
      const bytes = Buffer.from(value);
      return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes]);
    }),
  );

/** ValueInfoProto: a tensor with named (free) or fixed dimensions. */
export const valueInfo = (name: string, type: number, shape: readonly (number | string)[]): Uint8Array => {
  const dims = shape.map((d): Field => [1, message([typeof d === "number" ? 1 : 2, d])]);
  return message([1, name], [2, message([1, message([1, type], [2, message(...dims)])])]);
};

/** ModelProto of a GraphProto, for an operator set. */
export const onnxFile = (graph: Uint8Array, opset: number): Uint8Array =>
  message([1, 8], [7, graph], [8, message([2, opset])]);
