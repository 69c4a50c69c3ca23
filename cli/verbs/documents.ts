import type { Command } from "commander";
import { documentStates } from "../../lib/ledger/ledger.ts";
import { type ApiClient, clientFromEnvironment, type DocumentView } from "../api-client.ts";
import { displayWidth } from "../progress.ts";
import { interruptSignal, wholeNumber } from "./options.ts";

type ListOptions = {
  readonly prefix?: string;
  readonly state?: DocumentView["state"];
  readonly limit?: number;
  readonly json?: boolean;
};

/** All pages, or the first `limit` documents. */
export async function* eachDocument(
  api: ApiClient,
  { prefix, state, limit = Number.POSITIVE_INFINITY }: Pick<ListOptions, "prefix" | "state" | "limit">,
): AsyncGenerator<DocumentView> {
  let cursor: string | undefined;
  let left = limit;
  do {
    const page = await api.documents({ prefix, state, limit: Math.min(left, 200), cursor });
    for (const view of page.documents.slice(0, left)) yield view;
    left -= page.documents.length;
    cursor = page.cursor;
  } while (cursor !== undefined && left > 0);
}

const padTo = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - displayWidth(text)));

const chunksOf = ({ state, counts, progress }: DocumentView): string =>
  progress
    ? `page ${progress.page}/${progress.pages}`
    : state === "ready"
      ? `${counts.stored} chunks`
      : counts.expected > 0
        ? `${counts.stored} of ${counts.expected}`
        : "";

const lineOf = (view: DocumentView): string => {
  const failure = view.failure ? `  ${view.failure.code}: ${view.failure.message}` : "";
  return `${view.id}  ${padTo(view.state, 10)} ${padTo(chunksOf(view), 12)} ${view.key}${view.outdated ? "  (outdated)" : ""}${failure}`;
};

const list = async (options: ListOptions): Promise<void> => {
  const api = clientFromEnvironment(interruptSignal());
  const all: DocumentView[] = [];
  for await (const view of eachDocument(api, options)) {
    if (options.json) all.push(view);
    else console.log(lineOf(view));
  }
  if (options.json) console.log(JSON.stringify({ documents: all }, null, 2));
};

const act =
  (what: "retry" | "remove") =>
  async (id: string, { json }: { readonly json?: boolean }): Promise<void> => {
    const accepted = await clientFromEnvironment(interruptSignal())[what](id);
    console.log(json ? JSON.stringify(accepted) : `${accepted.id}  ${accepted.state}`);
  };

const show = async (id: string): Promise<void> => {
  const view = await clientFromEnvironment(interruptSignal()).document(id);
  if (view === null) throw new Error(`there is no document ${id}`);
  console.log(JSON.stringify(view, null, 2));
};

/** kettle documents [list|show|retry|delete] */
export const documentsVerb = (program: Command): void => {
  const documents = program.command("documents").description("what became of the documents");
  documents
    .command("list", { isDefault: true })
    .description("list documents with their state")
    .option("--prefix <prefix>", "keys that begin with it")
    .option("--state <state>", documentStates.join(", "))
    .option("--limit <n>", "at most so many (default: all)", wholeNumber(1, 1_000_000))
    .option("--json", "answer as JSON")
    .action(list);
  documents.command("show").description("one document, as JSON").argument("<id>").action(show);
  documents
    .command("retry")
    .description("read a document again")
    .argument("<id>")
    .option("--json", "answer as JSON")
    .action(act("retry"));
  documents
    .command("delete")
    .description("delete its object; its chunks follow")
    .argument("<id>")
    .option("--json", "answer as JSON")
    .action(act("remove"));
};
