import { spawnSync } from "node:child_process";
import type { Config } from "../../lib/config/schema.ts";
import { type Check, ok, problem } from "./check.ts";

const unchosen = /^change-me/;

const buckets = ({ stage, aws }: Config): Check => {
  const names = [aws.documentBucket, aws.stateBucket];
  const wrong = names.filter(
    (name) => unchosen.test(name) || name === "kettle-documents" || name === "kettle-state",
  );
  return wrong.length === 0
    ? ok("bucket names", names.join(", "))
    : problem(
        "bucket names",
        `${wrong.join(" and ")}: names of buckets are the whole world's; choose your own in kettle.yml, stages.${stage}.aws`,
      );
};

const store = ({ stage, store: { driver, address } }: Config): Check =>
  driver === "milvus"
    ? ok("store", `Milvus at ${address}`)
    : problem(
        "store",
        `stage ${stage} keeps its vectors in a file, which functions do not share; set stages.${stage}.store.driver to milvus and its address`,
      );

const token = ({ stage, http }: Config): Check => {
  if (!http.auth) return ok("API token", "none: http.auth is off, whoever knows the address may use the API");
  return http.tokenSecret === null
    ? problem(
        "API token",
        `http.auth is on and no secret holds the token; put one into Secrets Manager and name it in stages.${stage}.http.tokenSecret`,
      )
    : ok("API token", `secret ${http.tokenSecret}`);
};

const hasDocker = (): boolean =>
  spawnSync("docker", ["version"], { stdio: "ignore", timeout: 20_000 }).status === 0;

const images = ({ functions }: Config): Check[] => {
  const built = Object.entries(functions.images).flatMap(([name, image]) =>
    image === "build" ? [name] : [],
  );
  if (built.length === 0) return [];
  return [
    hasDocker()
      ? ok("images", `${built.join(", ")}: built by Docker`)
      : problem(
          "images",
          `${built.join(", ")} ${built.length === 1 ? "is" : "are"} to be built as container images, and Docker does not answer here; start it, or name images of ECR in functions.images`,
        ),
  ];
};

const leastNode = 24;

const node = (): Check => {
  const major = Number.parseInt(process.versions.node, 10);
  return major >= leastNode
    ? ok("Node", process.versions.node)
    : problem("Node", `this is Node ${process.versions.node}; run \`npm ci\`, it brings ${leastNode}`);
};

/** What the parameters and this machine alone can tell. */
export const checkParameters = (config: Config): readonly Check[] => [
  node(),
  ok("parameters", `stage ${config.stage}, ${config.aws.region}, ${config.aws.architecture}`),
  buckets(config),
  store(config),
  token(config),
  ...images(config),
];
