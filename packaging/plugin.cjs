// The osls plugin that bundles: `serverless package` and `serverless deploy` call it, `serverless offline` does not, so
// that runs the TypeScript sources. CommonJS, because osls loads plugins so.
module.exports = class KettlePackaging {
  constructor(serverless, _options, { log }) {
    this.hooks = {
      "before:package:createDeploymentArtifacts": async () => {
        const { packageFunctions } = await import("./package-functions.ts");
        try {
          // Set by `kettle deploy --dry-run`, which must work without Docker.
          await packageFunctions(serverless, log, process.env.KETTLE_DRY_RUN === "1");
        } catch (error) {
          // osls prints its own errors without a stack, which nobody needs who has to correct kettle.yml.
          throw error.name === "CONFIG_INVALID" ? new serverless.classes.Error(error.message) : error;
        }
      },
    };
  }
};
