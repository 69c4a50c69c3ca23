import { resolve } from "node:path";

export type ChildEnvironmentOptions = {
  /** What the stack was started with. */
  readonly env: NodeJS.ProcessEnv;
  readonly root: string;
  /** Relative paths of the user's variables are taken from here. */
  readonly directory: string;
  readonly dataDir: string;
  readonly stage: string;
  readonly region: string;
  readonly awsUrl: string;
};

/** Of the user's own AWS set-up: would lead the SDK, or its logs, elsewhere. */
const removed = [
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_SESSION_TOKEN",
  "AWS_ENDPOINT_URL_S3",
  "AWS_ENDPOINT_URL_SQS",
  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
  "AWS_USE_FIPS_ENDPOINT",
  "AWS_USE_DUALSTACK_ENDPOINT",
];

/** The environment of every child: the user's, with AWS on this machine and absolute paths. */
export const childEnvironment = (options: ChildEnvironmentOptions): NodeJS.ProcessEnv => {
  const { env, root, directory } = options;
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !removed.includes(name)));
  return {
    ...kept,
    AWS_ENDPOINT_URL: options.awsUrl,
    AWS_REGION: options.region,
    AWS_DEFAULT_REGION: options.region,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_EC2_METADATA_DISABLED: "true",
    KETTLE_STAGE: options.stage,
    KETTLE_DATA_DIR: options.dataDir,
    KETTLE_CONFIG: env.KETTLE_CONFIG ? resolve(directory, env.KETTLE_CONFIG) : resolve(root, "kettle.yml"),
    KETTLE_MODELS_DIR: env.KETTLE_MODELS_DIR
      ? resolve(directory, env.KETTLE_MODELS_DIR)
      : resolve(root, "models"),
  };
};
