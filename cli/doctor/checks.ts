import type { Health } from "../api-client.ts";
import { type Finding, fine, problem, warning } from "./finding.ts";

/** What to do about each check of /health that failed. */
const fixes: Readonly<Record<string, string>> = {
  store:
    "is the vector store up, and may the functions reach it? docs/runbook.md, milvus-down. Documents wait meanwhile, none is lost",
  model:
    "if files are missing: npx kettle models pull, and deploy again; if the collection holds another model's vectors: set embedding.model back, or npx kettle reindex",
  queues: "SQS does not answer: do the queues exist, may the function `api` read them (packaging/roles.ts)?",
  "dead-letter-queues":
    "find out why in the log of the queue's function, mend it, then send the messages back (redrive): docs/runbook.md, dead-letter-queue",
  buckets: "do both buckets of kettle.yml exist, and may the function `api` list them (packaging/roles.ts)?",
  "store-login": "the message says how; docs/security.md has the whole of it",
  "store-index":
    "npx kettle collections describe and npx kettle index check, from where the store can be reached; then npx kettle collections rebuild",
};

/** Whatever only makes things slower or less safe does not stop anybody. */
const mild: ReadonlySet<string> = new Set(["store-index"]);

/** The server's own checks, each with what to do. */
export const judgeHealth = ({ checks }: Health): readonly Finding[] =>
  checks.map(({ name, ok, message }) => {
    if (ok) return fine(name, message);
    const fix = fixes[name] ?? "its log says more";
    return mild.has(name) ? warning(name, message, fix) : problem(name, message, fix);
  });
