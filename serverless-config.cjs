// osls reads this file from serverless.yml. It is CommonJS because osls resolves variables from .cjs;
// everything that it calls is TypeScript, whose types Node strips.
//   kettle     the parameters of kettle.yml, checked and complete for the stage
//   sizing     numbers derived from them
//   resources  buckets, queues, alarms and roles
const load = async ({ options }) => {
  const { loadConfig } = await import("./lib/config/load.ts");
  const stage = options.stage ?? process.env.KETTLE_STAGE ?? "local";
  const config = loadConfig(process.env.KETTLE_CONFIG || "kettle.yml", stage || "local");
  const { dryRunVariable, withoutLookups } = await import("./packaging/dry-run.ts");
  return process.env[dryRunVariable] === "1" ? withoutLookups(config) : config;
};

module.exports = {
  kettle: load,
  sizing: async (context) => {
    const { sizing } = await import("./packaging/sizing.ts");
    return sizing(await load(context));
  },
  resources: async (context) => {
    const { stackResources } = await import("./packaging/resources.ts");
    return stackResources(await load(context));
  },
};
