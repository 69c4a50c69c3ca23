import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";

/** One Kubernetes object, as `kubectl apply` takes it. */
export type KubernetesObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};

/** What base/kustomization.yaml uses of kustomize. Anything else there is refused: it would be lost on the way to EKS. */
const kustomization = z.strictObject({
  apiVersion: z.literal("kustomize.config.k8s.io/v1beta1"),
  kind: z.literal("Kustomization"),
  resources: z.array(z.string()),
  configMapGenerator: z.array(
    z.strictObject({ name: z.string(), namespace: z.string(), files: z.array(z.string()) }),
  ),
});

/** Go's encoding/json escapes what HTML would take for markup. */
const goJson = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll("&", "\\u0026")
    .replaceAll("<", "\\u003c")
    .replaceAll(">", "\\u003e")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");

const hashLetters: Readonly<Record<string, string>> = { "0": "g", "1": "h", "3": "k", a: "m", e: "t" };

/** The suffix that kustomize gives (sigs.k8s.io/kustomize/api/hasher): of the content alone, ten digits, no vowels. */
const nameSuffix = (data: Readonly<Record<string, string>>): string =>
  createHash("sha256")
    .update(goJson({ data, kind: "ConfigMap", name: "" }))
    .digest("hex")
    .slice(0, 10)
    .replace(/[013ae]/g, (digit) => hashLetters[digit] ?? digit);

const configMap = (
  folder: string,
  { name, namespace, files }: z.infer<typeof kustomization>["configMapGenerator"][number],
): KubernetesObject => {
  const data = Object.fromEntries(
    files
      .map((file) => [basename(file), readFileSync(join(folder, file), "utf8")] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `${name}-${nameSuffix(data)}`, namespace },
    data,
  };
};

/** Pods name a ConfigMap without its suffix; `names` knows the whole of it. */
const withFullNames = (value: unknown, names: ReadonlyMap<string, string>): unknown => {
  if (Array.isArray(value)) return value.map((each) => withFullNames(each, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) =>
      key === "configMap" && typeof child?.name === "string"
        ? [key, { ...child, name: names.get(child.name) ?? child.name }]
        : [key, withFullNames(child, names)],
    ),
  );
};

/**
 * The objects of infra/monitoring/base, the same that `kubectl kustomize infra/monitoring/base` prints (a test holds the
 * two together), in an order in which they can be applied. The namespaces `monitoring` (it is among them) and `milvus`
 * (it is not) must be there first.
 * @throws ZodError when base/kustomization.yaml uses more of kustomize than this reads
 */
export const monitoringManifests = (): readonly KubernetesObject[] => {
  const folder = join(import.meta.dirname, "base");
  const { resources, configMapGenerator } = kustomization.parse(
    parse(readFileSync(join(folder, "kustomization.yaml"), "utf8")),
  );
  const configMaps = configMapGenerator.map((each) => configMap(folder, each));
  const names = new Map(
    configMapGenerator.map(({ name }, i) => [name, configMaps[i]?.metadata.name ?? name]),
  );
  const objects = resources.flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), "utf8")).map(
      (document) => withFullNames(document.toJS(), names) as KubernetesObject,
    ),
  );
  const isNamespace = ({ kind }: KubernetesObject) => kind === "Namespace";
  return [...objects.filter(isNamespace), ...configMaps, ...objects.filter((object) => !isNamespace(object))];
};
