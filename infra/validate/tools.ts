import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Definitions, kubernetesSchemas, schemaFile, targetGroupBindingSchema } from "./schemas.ts";

/** The Kubernetes of kettle.yml's default, whose API the schemas are made from. */
const kubernetesVersion = "1.36.0";
const kubeconformVersion = "0.8.0";

export type Kubeconform = { readonly program: string; readonly schemas: string };

const go = (args: readonly string[], env: Readonly<Record<string, string>> = {}): string =>
  execFileSync("go", args, {
    encoding: "utf8",
    // Outside any module, and with the Go that is there: neither is ours to choose.
    env: { ...process.env, GOFLAGS: "-mod=mod", GOWORK: "off", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });

/** Why nothing can be validated on this machine; null: nothing is missing. */
export const missing = (): string | null => {
  try {
    go(["version"]);
    return null;
  } catch {
    return "Go is not on the PATH: kubeconform and the schemas of Kubernetes come as Go modules";
  }
};

const buildSchemas = (folder: string): void => {
  const { Dir } = JSON.parse(go(["mod", "download", "-json", `k8s.io/kubernetes@v${kubernetesVersion}`]));
  const { definitions } = JSON.parse(readFileSync(join(Dir, "api/openapi-spec/swagger.json"), "utf8")) as {
    definitions: Definitions;
  };
  const unfinished = `${folder}.part`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const binding = { group: "elbv2.k8s.aws", version: "v1beta1", kind: "TargetGroupBinding" };
  const schemas = new Map([
    ...kubernetesSchemas(definitions),
    [schemaFile(binding), targetGroupBindingSchema],
  ]);
  for (const [file, schema] of schemas) writeFileSync(join(unfinished, file), JSON.stringify(schema));
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
};

/**
 * kubeconform and strict schemas, made once and kept.
 * @param cache folder that outlives the run
 * @throws Error what `go` said, where a module cannot be had
 */
export const installKubeconform = (cache: string): Kubeconform => {
  const bin = join(cache, `kubeconform-${kubeconformVersion}`);
  const program = join(bin, "kubeconform");
  if (!existsSync(program))
    go(["install", `github.com/yannh/kubeconform/cmd/kubeconform@v${kubeconformVersion}`], { GOBIN: bin });
  const schemas = join(cache, `kubernetes-schemas-${kubernetesVersion}`);
  if (!existsSync(schemas)) buildSchemas(schemas);
  return { program, schemas };
};
