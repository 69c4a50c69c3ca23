import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../lib/config/schema.ts";

const isPem = (value: string | null): value is string =>
  value?.trimStart().startsWith("-----BEGIN ") === true;

/**
 * Where kettle.yml has the text of a PEM file, as `${ssm:/kettle/prod/milvusCa}` gives it, writes it beside the
 * handler and names the file instead. A function then reads it like any other.
 * @param folder of the bundle
 */
export const bundleTlsFiles = async (config: Config, folder: string): Promise<Config> => {
  const tlsFiles: Record<string, string | null> = { ...config.store.tlsFiles };
  for (const name of ["ca", "certificate", "key"] as const) {
    const value = config.store.tlsFiles[name];
    if (!isPem(value)) continue;
    const path = `tls/${name}.pem`;
    await mkdir(join(folder, "tls"), { recursive: true });
    await writeFile(join(folder, path), value.endsWith("\n") ? value : `${value}\n`);
    tlsFiles[name] = path;
  }
  return { ...config, store: { ...config.store, tlsFiles: tlsFiles as Config["store"]["tlsFiles"] } };
};
