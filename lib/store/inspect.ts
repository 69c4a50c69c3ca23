/** What a store can tell of itself beyond the `VectorStore` port. Every call may throw AppError. */
export type StoreInspector = {
  /** Name and version of the server. */
  server(): Promise<string>;
  /** What is wrong with its door, in words; null: nothing. */
  loginProblem(): Promise<string | null>;
  /** What it cannot do that kettle.yml asks for, and what is not right with a collection. */
  problems(collection: string): Promise<readonly string[]>;
};
