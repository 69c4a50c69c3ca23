import type { Config } from "../lib/config/schema.ts";

/** Set by `kettle deploy --dry-run`: nothing is built with Docker and nothing is asked of AWS. */
export const dryRunVariable = "KETTLE_DRY_RUN";

const fromSsm = /\$\{ssm:[^}]+\}/g;

const certificate = "-----BEGIN CERTIFICATE-----\nnot looked up by a dry run\n-----END CERTIFICATE-----\n";

const replaced = (value: unknown, key: string): unknown => {
  if (typeof value === "string" && fromSsm.test(value))
    return ["ca", "certificate", "key"].includes(key)
      ? certificate
      : value.replaceAll(fromSsm, "unknown.invalid:19530");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replaced(inner, name)]));
};

/** The parameters with a stand-in for what osls would look up in SSM, which needs credentials. */
export const withoutLookups = (config: Config): Config => replaced(config, "") as Config;
