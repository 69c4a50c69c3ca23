import { Command } from "commander";
import { AppError } from "../lib/errors.ts";
import { chunkVerb } from "./verbs/chunk.ts";
import { collectionsVerb } from "./verbs/collections.ts";
import { configVerb } from "./verbs/config.ts";
import { costVerb } from "./verbs/cost.ts";
import { deployVerb } from "./verbs/deploy.ts";
import { destroyVerb } from "./verbs/destroy.ts";
import { doctorVerb } from "./verbs/doctor.ts";
import { documentsVerb } from "./verbs/documents.ts";
import { evalVerb } from "./verbs/eval.ts";
import { indexVerb } from "./verbs/index-check.ts";
import { ingestVerb } from "./verbs/ingest.ts";
import { modelsVerb } from "./verbs/models.ts";
import { qualityVerb } from "./verbs/quality.ts";
import { reindexVerb } from "./verbs/reindex.ts";
import { searchVerb } from "./verbs/search.ts";
import { sizeVerb } from "./verbs/size.ts";
import { smokeTestVerb } from "./verbs/smoke-test.ts";
import { usersVerb } from "./verbs/users.ts";

/** A verb is one file in verbs/ and one line here. */
const verbs = [
  ingestVerb,
  searchVerb,
  documentsVerb,
  doctorVerb,
  evalVerb,
  chunkVerb,
  qualityVerb,
  reindexVerb,
  collectionsVerb,
  indexVerb,
  usersVerb,
  sizeVerb,
  modelsVerb,
  configVerb,
  costVerb,
  deployVerb,
  destroyVerb,
  smokeTestVerb,
];

const program = new Command("kettle")
  .description("Turns a bucket into a balanced knowledge base, and asks it.")
  .showSuggestionAfterError()
  .configureHelp({ sortSubcommands: false })
  .addHelpText(
    "after",
    `
Environment:
  KETTLE_URL    server to talk to (default http://127.0.0.1:3000)
  KETTLE_TOKEN  its bearer token
  KETTLE_STORE_TOKEN  login of the Milvus server, user:password (users)

Exit codes: 0 done, 1 something failed, 2 wrong usage, 130 interrupted`,
  );
// Before the verbs are added: they inherit it. Help ends well; every other complaint of the parser is wrong usage.
program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
for (const verb of verbs) verb(program);

try {
  await program.parseAsync();
} catch (error) {
  const interrupted = error instanceof Error && error.name === "AbortError";
  if (!interrupted)
    console.error(
      error instanceof AppError
        ? `${error.code}: ${error.message}`
        : `${error instanceof Error ? error.message : error}`,
    );
  process.exitCode = interrupted ? 130 : 1;
}
