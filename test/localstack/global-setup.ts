import type { TestProject } from "vitest/node";
import { requireLocalstack } from "../../localstack/external-services.ts";
import { StartError } from "../../localstack/runner/options.ts";
import { type LocalstackServer, startLocalstack } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    localstackUrl: string;
  }
}

/** The user's own where a variable names it. */
const localstack = async (): Promise<LocalstackServer> => {
  const given = process.env.KETTLE_LOCALSTACK_URL || process.env.AWS_ENDPOINT_URL;
  if (!given) return startLocalstack();
  const url = new URL(given).origin;
  await requireLocalstack(url);
  return { url, stop: async () => {} };
};

/** One LocalStack for all files of the suite. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  try {
    const { url, stop } = await localstack();
    project.provide("localstackUrl", url);
    return stop;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    // Vitest would wrap what the user needs to know into stack traces.
    console.error(error.message);
    return process.exit(1);
  }
};
