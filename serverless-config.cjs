// osls reads this file from serverless.yml: the parameters of kettle.yml, checked and complete for the stage.
// It is CommonJS because osls resolves variables from .cjs; the schema itself is lib/config/ (Node runs the types away).
module.exports = async ({ options }) => {
  const { loadConfig } = await import("./lib/config/load.ts");
  const stage = options.stage ?? process.env.KETTLE_STAGE ?? "local";
  return loadConfig(process.env.KETTLE_CONFIG || "kettle.yml", stage);
};
