import type { Config } from "../../config/schema.ts";
import { AppError } from "../../errors.ts";
import { type Capabilities, requireIndex, requireReplicas, requireWords } from "./capabilities.ts";
import { largestAnswer } from "./indexes.ts";

/** One parameter of kettle.yml, and whether a server can do what it asks for. */
export type Choice = {
  readonly path: string;
  readonly value: string;
  /** null: it can. */
  readonly problem: string | null;
};

const problemOf = (check: () => void): string | null => {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
};

const loginProblem = (
  server: Capabilities,
  { tokenSecret, tokenParameter }: Config["store"],
): string | null =>
  server.users || (tokenSecret === null && tokenParameter === null)
    ? null
    : `${server.name} has no logins: it takes any, and everybody who reaches its port may do everything`;

const answerProblem = ({ store, search }: Pick<Config, "store" | "search">): string | null => {
  const most = largestAnswer(store.index.type);
  const asked = Math.max(search.topK, search.candidates ?? 0);
  return asked <= most ? null : `an index ${store.index.type} gives at most ${most} rows of one search`;
};

/** Every parameter that depends on what the server can do, by the capability table; nothing is asked of the server. */
export const choicesOf = (
  config: Pick<Config, "store" | "search">,
  server: Capabilities,
): readonly Choice[] => {
  const { store, search } = config;
  const choice = (path: string, value: string | number | boolean | null, problem: string | null): Choice => ({
    path,
    value: String(value),
    problem,
  });
  return [
    choice(
      "store.index.type",
      store.index.type,
      problemOf(() => requireIndex(server, store.index.type)),
    ),
    choice("search.candidates", search.candidates ?? search.topK, answerProblem(config)),
    choice(
      "store.replicas",
      store.replicas,
      problemOf(() => requireReplicas(server, store.replicas)),
    ),
    choice(
      "search.mode",
      search.mode,
      search.mode === "dense" ? null : problemOf(() => requireWords(server, search.mode)),
    ),
    choice(
      "store.tls",
      store.tls,
      server.lite && store.tls ? `${server.name} has no TLS: set store.tls to false` : null,
    ),
    choice("store.tokenSecret", store.tokenSecret ?? store.tokenParameter, loginProblem(server, store)),
  ];
};
