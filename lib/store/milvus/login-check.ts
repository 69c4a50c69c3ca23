import { AppError } from "../../errors.ts";
import { type ConnectionOptions, connectMilvus } from "./connection.ts";
import { isLoginFailure } from "./failures.ts";

/** What every Milvus is installed with. */
const defaultLogin = "root:Milvus";

/** A call that needs a login and nothing else; asks about a name that no collection has. */
const isLetIn = async (
  { gate: _, ...options }: ConnectionOptions,
  token: string | null,
): Promise<boolean> => {
  const connection = connectMilvus({ ...options, token: async () => token });
  try {
    await connection.call("HasCollection", undefined, (sdk) =>
      sdk.hasCollection({ collection_name: "kettle_login_check" }),
    );
    return true;
  } catch (error) {
    if (error instanceof AppError && isLoginFailure(error)) return false;
    throw error;
  } finally {
    await connection.close();
  }
};

/**
 * What is wrong with the door of a server, in words; null: nothing. Tries it without a login, and as `root` with the
 * password that every server is installed with.
 * @throws AppError `STORE_UNAVAILABLE` where it does not answer
 */
export const loginProblem = async (options: ConnectionOptions): Promise<string | null> => {
  if (await isLetIn(options, null))
    return (
      `Milvus at ${options.address} asks for no login: everybody who reaches its port may read, change and delete ` +
      "everything. Set common.security.authorizationEnabled: true, restart it, and give root a password of your own"
    );
  if (await isLetIn(options, defaultLogin))
    return (
      `root of Milvus at ${options.address} has the password that every Milvus is installed with. Set one of your own: ` +
      "KETTLE_STORE_TOKEN=root:Milvus npx kettle users password root"
    );
  return null;
};

export type LoginPolicy = {
  /** A function in AWS, not one machine. */
  readonly deployed: boolean;
  /** `store.allowInsecure` */
  readonly allowInsecure: boolean;
  readonly warn: (message: string) => void;
};

/**
 * The gate before the first call of a process: warns on one machine, refuses in a deployed stage unless
 * `store.allowInsecure` lets it: then nothing is asked. A refusal is an outage to documents, which wait for a better server.
 * @throws AppError `STORE_UNAVAILABLE`
 */
export const checkLogin = async (
  options: ConnectionOptions,
  { deployed, allowInsecure, warn }: LoginPolicy,
): Promise<void> => {
  if (allowInsecure) return;
  const problem = await loginProblem(options);
  if (problem === null) return;
  if (deployed)
    throw new AppError(
      "STORE_UNAVAILABLE",
      `${problem}. A deployed stage does not use such a server, unless store.allowInsecure is true`,
    );
  warn(problem);
};
