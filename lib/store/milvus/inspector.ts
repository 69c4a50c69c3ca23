import type { Config } from "../../config/schema.ts";
import type { StoreInspector } from "../inspect.ts";
import { milvusAdmin } from "./admin.ts";
import { choicesOf } from "./choices.ts";
import { connectMilvus } from "./connection.ts";
import { loginProblem } from "./login-check.ts";
import type { MilvusOptions } from "./options.ts";

/** Version, login, capabilities, index and replicas of a Milvus server: what the verbs of `kettle` look at, for /health. */
export const milvusInspector = (
  config: Pick<Config, "store" | "search">,
  options: MilvusOptions,
): StoreInspector => {
  const connection = connectMilvus(options);
  const admin = milvusAdmin(options);
  return {
    server: async () => (await connection.capabilities()).name,
    // The gate would ask the same, and refuse.
    loginProblem: () => loginProblem(options),
    async problems(collection) {
      const choices = choicesOf(config, await connection.capabilities());
      const { problems } = await admin.describe(collection);
      return [
        ...choices.flatMap(({ path, problem }) => (problem === null ? [] : [`${path}: ${problem}`])),
        ...problems,
      ];
    },
  };
};
