import { basename, dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { parseStartOptions, StartError } from "../../localstack/runner/options.ts";

const parse = (args: readonly string[], env: Record<string, string> = {}) =>
  parseStartOptions(args, env, "/home/user");

const refusal = (run: () => unknown): StartError => {
  try {
    run();
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
};

describe("the command line of npm start", () => {
  it("without arguments ingests the samples, on the ports and in the folder that the documentation names", () => {
    expect(parse([])).toEqual({
      help: false,
      demo: false,
      samples: true,
      path: null,
      question: null,
      httpPort: 3000,
      awsPort: 4566,
      localstackUrl: null,
      dataDir: "/home/user/.kettle",
      stage: "local",
    });
  });

  it("takes ports, data folder and stage from the environment; an empty variable is not set", () => {
    const env = {
      KETTLE_HTTP_PORT: "8080",
      KETTLE_AWS_PORT: "",
      KETTLE_DATA_DIR: "/data",
      KETTLE_STAGE: "x",
    };
    expect(parse([], env)).toMatchObject({ httpPort: 8080, awsPort: 4566, dataDir: "/data", stage: "x" });
  });

  it("a path replaces the samples; under npm it is relative to where the user is, folders are not", () => {
    const folder = basename(import.meta.dirname);
    const env = { INIT_CWD: dirname(import.meta.dirname), KETTLE_DATA_DIR: "data" };
    expect(parse([folder, "--ask", "why?"], env)).toMatchObject({
      path: import.meta.dirname,
      samples: false,
      question: "why?",
      dataDir: "/home/user/data",
    });
  });

  it("--localstack has a stage and a folder of its own, and finds LocalStack by AWS_ENDPOINT_URL", () => {
    expect(parse(["--localstack"])).toMatchObject({
      localstackUrl: "http://127.0.0.1:4566",
      stage: "localstack",
      dataDir: "/home/user/.kettle/localstack",
    });
    const env = {
      AWS_ENDPOINT_URL: "http://localhost:4599/",
      KETTLE_STAGE: "mine",
      KETTLE_DATA_DIR: "/data",
    };
    expect(parse(["--localstack"], env)).toMatchObject({
      localstackUrl: "http://localhost:4599",
      stage: "mine",
      dataDir: "/data",
    });
    expect(parse([], env).localstackUrl).toBeNull();
  });

  it.each(["127.0.0.1:4566", "nonsense"])("AWS_ENDPOINT_URL=%s is refused by name", (value) => {
    const error = refusal(() => parse(["--localstack"], { AWS_ENDPOINT_URL: value }));
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain("AWS_ENDPOINT_URL");
  });

  it.each([
    [["--nonsense"], "--nonsense"],
    [["--demo=yes"], "--demo"],
    [["nowhere"], "/home/user/nowhere"],
    [["a", "b"], "one PATH"],
    [["a", "--no-samples"], "exclude"],
  ])("%j is refused in one line, with exit code 2", (args, part) => {
    const error = refusal(() => parse(args));
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(part);
    expect(error.message).not.toContain("\n");
  });

  it.each(["70000", "-1", "http", "1.5"])("KETTLE_HTTP_PORT=%s is refused by name", (value) => {
    const error = refusal(() => parse([], { KETTLE_HTTP_PORT: value }));
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain("KETTLE_HTTP_PORT");
  });
});
