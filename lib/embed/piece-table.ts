/**
 * The pieces of a unigram vocabulary as a trie in flat arrays: nodes in breadth-first order, so that the children of a
 * node lie side by side, in order of their code units. The tokenizer library's own trie is one object a node, 300,000 of
 * them for the bundled vocabulary, which takes three quarters of a second to build; this one is read from a file as it
 * lies there.
 */
export type PieceTable = {
  /** `[nodes]`: the UTF-16 code unit that leads to a node; the root is node 0. */
  readonly units: Uint16Array;
  /** `[nodes + 1]`: the first child of a node; its children end where those of the next node begin. */
  readonly children: Uint32Array;
  /** `[nodes]`: the piece that ends at a node, −1 where none does. */
  readonly ids: Int32Array;
  /** `[pieces]`: log probability of each piece. */
  readonly scores: Float64Array;
};

/** `[piece, score]`, as tokenizer.json has them. */
export type Vocabulary = readonly (readonly [string, number])[];

const at = (array: Uint16Array | Uint32Array | Int32Array, index: number): number => array[index] ?? 0;

/** The pieces in order of their code units, all in one array: 144,000 strings all over the heap are slow to compare. */
const sortedPieces = (vocabulary: Vocabulary) => {
  const idOfPiece = new Map<string, number>();
  for (let id = 0; id < vocabulary.length; id++) idOfPiece.set(vocabulary[id]?.[0] ?? "", id);
  const pieces = [...idOfPiece.keys()].sort();
  const starts = new Uint32Array(pieces.length + 1);
  const ids = new Int32Array(pieces.length);
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i] ?? "";
    starts[i + 1] = at(starts, i) + piece.length;
    ids[i] = idOfPiece.get(piece) ?? -1;
  }
  const joined = Buffer.from(pieces.join(""), "utf16le");
  const units = new Uint16Array(joined.buffer, joined.byteOffset, joined.length / 2);
  return {
    count: pieces.length,
    codeUnits: units.length,
    idOf: (piece: number) => at(ids, piece),
    lengthOf: (piece: number) => at(starts, piece + 1) - at(starts, piece),
    unitOf: (piece: number, position: number) => at(units, at(starts, piece) + position),
  };
};

const scoresOf = (vocabulary: Vocabulary): Float64Array => {
  const scores = new Float64Array(vocabulary.length);
  for (let id = 0; id < vocabulary.length; id++) scores[id] = vocabulary[id]?.[1] ?? 0;
  return scores;
};

/**
 * Some tenths of a second for 144,000 pieces.
 * @param vocabulary its order is that of the ids; of a piece that is there twice the last one counts
 */
export const buildPieceTable = (vocabulary: Vocabulary): PieceTable => {
  const pieces = sortedPieces(vocabulary);
  const most = pieces.codeUnits + 2;
  const [units, children, ids] = [new Uint16Array(most), new Uint32Array(most), new Int32Array(most)];
  // Of each node the run of pieces that go through it, and how many code units lead to it.
  const [from, to, depths] = [new Uint32Array(most), new Uint32Array(most), new Uint32Array(most)];
  to[0] = pieces.count;
  let nodes = 1;
  const addChildren = (first: number, end: number, depth: number): void => {
    for (let piece = first; piece < end; nodes++) {
      const unit = pieces.unitOf(piece, depth);
      from[nodes] = piece;
      while (piece < end && pieces.unitOf(piece, depth) === unit) piece += 1;
      to[nodes] = piece;
      units[nodes] = unit;
      depths[nodes] = depth + 1;
    }
  };
  for (let node = 0; node < nodes; node++) {
    const [first, end, depth] = [at(from, node), at(to, node), at(depths, node)];
    // The shortest piece of a run comes first; it alone can end here.
    const isPiece = first < end && pieces.lengthOf(first) === depth;
    ids[node] = isPiece ? pieces.idOf(first) : -1;
    children[node] = nodes;
    addChildren(isPiece ? first + 1 : first, end, depth);
  }
  children[nodes] = nodes;
  return {
    units: units.slice(0, nodes),
    children: children.slice(0, nodes + 1),
    ids: ids.slice(0, nodes),
    scores: scoresOf(vocabulary),
  };
};

/** The child of `node` by a code unit; 0 where there is none, since the root is nobody's child. */
const childOf = ({ units, children }: PieceTable, node: number, unit: number): number => {
  let low = children[node] ?? 0;
  let high = (children[node + 1] ?? 0) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = units[middle] ?? 0;
    if (found === unit) return middle;
    if (found < unit) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
};

/** The node that `text` leads to from `node`; 0 where it leads nowhere. */
const walk = (table: PieceTable, node: number, text: string): number => {
  let here = node;
  for (let i = 0; i < text.length; i++) {
    here = childOf(table, here, text.charCodeAt(i));
    if (here === 0) return 0;
  }
  return here;
};

/** The id of a piece; undefined where it is none. */
export const idOf = (table: PieceTable, piece: string): number | undefined => {
  const node = walk(table, 0, piece);
  const id = node === 0 ? -1 : (table.ids[node] ?? -1);
  return id < 0 ? undefined : id;
};

/**
 * Tells `found` of every piece that begins at `chars[start]`, shortest first.
 * @param chars whole characters, one or two code units each
 * @param found gets the piece's id and how many of `chars` it takes
 */
export const piecesAt = (
  table: PieceTable,
  chars: readonly string[],
  start: number,
  found: (id: number, length: number) => void,
): void => {
  let node = 0;
  for (let i = start; i < chars.length; i++) {
    node = walk(table, node, chars[i] ?? "");
    if (node === 0) return;
    const id = table.ids[node] ?? -1;
    if (id >= 0) found(id, i + 1 - start);
  }
};
