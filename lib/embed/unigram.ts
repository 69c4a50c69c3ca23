import { Tokenizer, Unigram } from "@huggingface/tokenizers";
import { idOf, type PieceTable, piecesAt } from "./piece-table.ts";

/** Of the library's lattice, what its model fills. */
type Lattice = {
  readonly chars: readonly string[];
  insert(start: number, length: number, score: number, id: number): void;
};

// The library's own declarations of its models are lost on Node's module resolution, which wants file extensions.
declare module "@huggingface/tokenizers" {
  class Unigram {
    constructor(model: object, ending: string);
    min_score: number;
    unk_score: number;
    unk_token_id?: number;
    tokens_to_ids: Map<string, number>;
    populate_nodes(lattice: Lattice): void;
  }
}

/** tokenizer.json without its vocabulary, and what else there is to say of a unigram model. */
export type UnigramSettings = {
  /** Everything but `model`. */
  readonly tokenizer: {
    readonly added_tokens?: readonly { readonly content: string; readonly id: number }[];
  };
  /** Id of the piece that stands for what no piece covers. */
  readonly unknown: number;
};

/** Ids of pieces by the table; special tokens, which are set, go before. */
class PieceIds extends Map<string, number> {
  readonly #table: PieceTable;
  constructor(table: PieceTable) {
    super();
    this.#table = table;
  }
  override get(piece: string): number | undefined {
    return super.get(piece) ?? idOf(this.#table, piece);
  }
  override has(piece: string): boolean {
    return this.get(piece) !== undefined;
  }
}

/** The library reads no more of a model than this before its pieces are looked up in the table. */
const stub = { type: "Unigram", vocab: [["<unk>", 0]], unk_id: 0 };

/** The library's unigram model with its pieces in a table: the same lattice, so the same tokens, bit for bit. */
class TableUnigram extends Unigram {
  readonly #table: PieceTable;
  readonly #unknown: number;

  constructor(table: PieceTable, unknown: number, ending: string) {
    super(stub, ending);
    this.#table = table;
    this.#unknown = unknown;
    this.min_score = table.scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY);
    this.unk_score = this.min_score - 10;
    this.unk_token_id = unknown;
    this.tokens_to_ids = new PieceIds(table);
  }

  override populate_nodes(lattice: Lattice): void {
    const { scores } = this.#table;
    for (let start = 0; start < lattice.chars.length; start++) {
      let isCovered = false;
      piecesAt(this.#table, lattice.chars, start, (id, length) => {
        lattice.insert(start, length, id === this.#unknown ? this.unk_score : (scores[id] ?? 0), id);
        isCovered ||= length === 1;
      });
      if (!isCovered) lattice.insert(start, 1, this.unk_score, this.#unknown);
    }
  }
}

/**
 * The library's tokenizer of a tokenizer.json whose model is a unigram one, without the library's own tables of its
 * vocabulary.
 * @param config of tokenizer_config.json
 */
export const unigramTokenizer = (
  { tokenizer, unknown }: UnigramSettings,
  table: PieceTable,
  config: { readonly eos_token?: string },
): Tokenizer => {
  const hub = new Tokenizer({ ...tokenizer, model: stub }, config);
  const model = new TableUnigram(table, unknown, config.eos_token ?? "");
  for (const { content, id } of tokenizer.added_tokens ?? []) model.tokens_to_ids.set(content, id);
  hub.model = model;
  return hub;
};
