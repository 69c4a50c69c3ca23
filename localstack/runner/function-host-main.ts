import { setPriority } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { HostAnswer, HostMessage } from "./function-host.ts";
import { lambdaContext } from "./lambda-context.ts";

/**
 * The child process of a queue function: loads `_HANDLER` and answers invocations. Threads inherit the priority, so it
 * is lowered before the function is loaded: embedding must not slow down search.
 */
setPriority(10);

type Handler = (event: unknown, context: unknown) => unknown;

const variable = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

const answer = (message: HostAnswer) => {
  process.send?.(message);
};

const load = async (): Promise<Handler> => {
  const handler = variable("_HANDLER");
  const dot = handler.lastIndexOf(".");
  const path = join(variable("LAMBDA_TASK_ROOT"), `${handler.slice(0, dot)}.ts`);
  const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(path).href);
  const found = module[handler.slice(dot + 1)];
  if (typeof found !== "function") throw new Error(`${path} exports no function ${handler.slice(dot + 1)}`);
  return found as Handler;
};

const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

const serve = (handler: Handler) => {
  process.on("message", async ({ id, event, timeoutMs, memorySize }: HostMessage) => {
    answer({ type: "started", id });
    try {
      const context = lambdaContext(id, Date.now() + timeoutMs, memorySize);
      answer({ type: "done", id, result: await handler(event, context) });
    } catch (error) {
      console.error(error);
      answer({ type: "failed", id, message: describe(error) });
    }
  });
  answer({ type: "ready" });
};

try {
  serve(await load());
} catch (error) {
  console.error(error);
  process.send?.({ type: "loadFailed", message: describe(error) } satisfies HostAnswer, undefined, {}, () =>
    process.exit(1),
  );
}
