/** The functions of serverless.yml, each a file of functions/. */
export const functionNames = [
  "parse",
  "embed",
  "cluster",
  "writer",
  "recluster",
  "reconcile",
  "search",
  "documents",
  "clusters",
  "uploads",
  "api",
] as const;
export type FunctionName = (typeof functionNames)[number];
