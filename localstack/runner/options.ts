import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

/** What the user may be told in one line, without a stack trace; `exitCode` 2 means the command line was wrong. */
export class StartError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.name = "StartError";
    this.exitCode = exitCode;
  }
}

export type StartOptions = {
  readonly help: boolean;
  /** Ingest, search once, stop; the exit code tells how it went. */
  readonly demo: boolean;
  /** False: ingest nothing unless a path is given. */
  readonly samples: boolean;
  /** Absolute path of a file or folder to ingest instead of the samples; null: none given. */
  readonly path: string | null;
  /** A question to ask once all is ready; null: the samples' own, or none. */
  readonly question: string | null;
  /** 0 takes a free port. */
  readonly httpPort: number;
  readonly awsPort: number;
  /** S3 and SQS are LocalStack's at this URL; null: they are emulated in this process. */
  readonly localstackUrl: string | null;
  /** Absolute. */
  readonly dataDir: string;
  readonly stage: string;
};

export const usage = `Usage: npm start -- [PATH] [options]

Starts Kettle on this machine: S3 and SQS, the queue functions and the HTTP API. Ctrl-C stops all of it.
The first start ingests samples/ and asks one question.

  PATH              ingest this file or folder instead of the samples
  --no-samples      ingest nothing
  --ask QUESTION    ask this once everything is ready
  --demo            ingest, ask, stop; exit code 1 if anything failed (npm run demo)
  --localstack      S3 and SQS by LocalStack, the store by Milvus: "docker compose up -d" runs both
                    (npm run start:localstack)
  --help            this text

Environment:
  KETTLE_HTTP_PORT  port of the HTTP API (3000)
  KETTLE_AWS_PORT   port of S3 and SQS (4566)
  KETTLE_DATA_DIR   where everything is kept (.kettle)
  KETTLE_CONFIG     parameter file (kettle.yml)
  KETTLE_STAGE      its stage (local)
  KETTLE_TOKEN      bearer token, where http.auth is on

With --localstack the data folder is .kettle/localstack, the stage localstack, .env is read, and
  AWS_ENDPOINT_URL    is where LocalStack is (http://127.0.0.1:4566)
  KETTLE_STORE_TOKEN  is user:password of Milvus (root with MILVUS_ROOT_PASSWORD)`;

type Environment = Readonly<Record<string, string | undefined>>;

const port = (env: Environment, name: string, fallback: number): number => {
  const text = env[name] || String(fallback);
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535)
    throw new StartError(`${name} must be a port from 0 to 65535, not ${JSON.stringify(text)}`, 2);
  return value;
};

const readFlags = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        demo: { type: "boolean", default: false },
        localstack: { type: "boolean", default: false },
        "no-samples": { type: "boolean", default: false },
        ask: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // parseArgs goes on to explain "--"; the first sentence is what a user needs.
    throw new StartError(`${message.split(/\. |\n/)[0]}; try --help`, 2);
  }
};

const defaultLocalstackUrl = "http://127.0.0.1:4566";

const localstackUrl = (env: Environment): string => {
  const text = env.AWS_ENDPOINT_URL || defaultLocalstackUrl;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new StartError(`AWS_ENDPOINT_URL must be a URL of http or https, not ${JSON.stringify(text)}`, 2);
  return new URL(text).origin;
};

const existing = (path: string): string => {
  if (existsSync(path)) return path;
  throw new StartError(`there is no file or folder ${path}`, 2);
};

/**
 * Reads the command line and the environment of `npm start`.
 * @param directory relative folders of variables are taken from here; PATH, under npm, from where the user called it
 * @throws StartError with exit code 2 for an unknown flag, a second path or one where nothing is, a port or a URL that is none
 */
export const parseStartOptions = (
  args: readonly string[],
  env: Environment,
  directory: string,
): StartOptions => {
  const { values, positionals } = readFlags(args);
  const [path, ...more] = positionals;
  const { localstack } = values;
  if (more.length > 0) throw new StartError("one PATH at most; try --help", 2);
  if (path !== undefined && values["no-samples"])
    throw new StartError("PATH and --no-samples exclude each other", 2);
  return {
    help: values.help,
    demo: values.demo,
    samples: path === undefined && !values["no-samples"],
    path: path === undefined ? null : existing(resolve(env.INIT_CWD || directory, path)),
    question: values.ask || null,
    httpPort: port(env, "KETTLE_HTTP_PORT", 3000),
    awsPort: port(env, "KETTLE_AWS_PORT", 4566),
    localstackUrl: localstack ? localstackUrl(env) : null,
    dataDir: resolve(directory, env.KETTLE_DATA_DIR || (localstack ? ".kettle/localstack" : ".kettle")),
    stage: env.KETTLE_STAGE || (localstack ? "localstack" : "local"),
  };
};
