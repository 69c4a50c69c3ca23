import type { TestProject } from "vitest/node";
import { requireLocalstack } from "../../localstack/external-services.ts";
import { startLocalstack } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    localstackUrl: string;
  }
}

/** One LocalStack for all files of the suite: the user's own where a variable names it. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const given = process.env.KETTLE_LOCALSTACK_URL || process.env.AWS_ENDPOINT_URL;
  if (given) {
    const url = new URL(given).origin;
    await requireLocalstack(url);
    project.provide("localstackUrl", url);
    return async () => {};
  }
  const server = await startLocalstack();
  project.provide("localstackUrl", server.url);
  return server.stop;
};
