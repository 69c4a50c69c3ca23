import { createRequire } from "node:module";
import type { HttpServerSettings } from "./http-server.ts";

/**
 * The child process of the HTTP API: serverless-offline inside osls, with a service made of the HTTP functions alone,
 * because serverless-offline would also run their schedules, and in this process.
 */
const require = createRequire(import.meta.url);

type Serverless = { init(): Promise<void>; run(): Promise<void> };

const serve = async ({ root, stage, port, service }: HttpServerSettings) => {
  // A line for each call is what the functions log themselves.
  process.env.SLS_LOG_LEVEL ??= "warning";
  require("serverless/lib/utils/serverless-utils/log-reporters/node");
  const Serverless: new (options: unknown) => Serverless = require("serverless");
  const serverless = new Serverless({
    configuration: service,
    serviceDir: root,
    configurationFilename: "serverless.yml",
    commands: ["offline"],
    options: {
      stage,
      host: "127.0.0.1",
      httpPort: port,
      // Its own endpoint for invocations; nobody uses it, so any free port will do.
      lambdaPort: 0,
      // In worker threads a timeout during inference aborts the process; here it answers 504.
      useInProcess: true,
      noSponsor: true,
    },
  });
  await serverless.init();
  await serverless.run();
};

process.once("message", (settings) => {
  serve(settings as HttpServerSettings).catch((error) => {
    console.error(error);
    process.exit(1);
  });
});
process.send?.("waiting");
