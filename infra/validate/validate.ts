import { spawnSync } from "node:child_process";
import type { Kubeconform } from "./tools.ts";

type Resource = {
  readonly kind: string;
  readonly name: string;
  readonly status: "statusValid" | "statusInvalid" | "statusError" | "statusSkipped" | "statusEmpty";
  /** Names the innermost places that are wrong; `validationErrors` beside it names the outermost. */
  readonly msg: string;
};

/** What is before the first place names our schema's file. */
const problem = ({ kind, name, msg }: Resource): string =>
  `${kind} ${name}: ${msg.replace(/^.*jsonschema validation failed with '[^']*' - /, "")}`;

/**
 * Validates Kubernetes objects as strictly as an API server would: unknown fields, keys given twice, kinds that do not
 * exist.
 * @param yaml documents, or a JSON list of objects
 * @returns how many objects were read, and a line for each problem
 */
export const validate = (
  { program, schemas }: Kubeconform,
  yaml: string,
): { readonly objects: number; readonly problems: readonly string[] } => {
  const { stdout, stderr, error } = spawnSync(
    program,
    [
      "-strict",
      "-verbose",
      "-output=json",
      `-schema-location=${schemas}/{{.ResourceKind}}{{.KindSuffix}}.json`,
      "-",
    ],
    { input: yaml, encoding: "utf8", maxBuffer: 2 ** 26 },
  );
  if (error || stdout === "") throw new Error(`kubeconform: ${error?.message ?? stderr}`);
  const { resources } = JSON.parse(stdout) as { resources: readonly Resource[] };
  const read = resources.filter(({ status }) => status !== "statusEmpty");
  return {
    objects: read.length,
    problems: read.filter(({ status }) => status !== "statusValid").map(problem),
  };
};
