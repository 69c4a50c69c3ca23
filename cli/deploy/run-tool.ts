import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, "../..");

const scripts = {
  osls: () => join(dirname(require.resolve("serverless/package.json")), "bin/serverless.js"),
  cdk: () => require.resolve("aws-cdk/bin/cdk"),
} as const;
export type Tool = keyof typeof scripts;

export type ToolRun = {
  readonly tool: Tool;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Keep what it prints for the case that it fails, instead of showing it. */
  readonly quiet?: boolean;
};

/** The last lines, which is where both tools say what was wrong. */
const tail = (printed: string): string => printed.trimEnd().split("\n").slice(-25).join("\n");

/**
 * Runs osls or the CDK of this repository, on the Node that runs now. Ctrl-C reaches the tool as well, since a terminal
 * sends it to both; its end is waited for.
 * @throws the signal's reason when it was aborted; Error when the tool failed
 */
export const runTool = async ({ tool, args, env, signal, quiet }: ToolRun): Promise<void> => {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [scripts[tool](), ...args], {
    cwd: root,
    stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: "true", SLS_NOTIFICATIONS_MODE: "off", ...env },
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (printed += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  signal.throwIfAborted();
  if (code !== 0)
    throw new Error(`${tool} ${args[0]} ended with ${code}${quiet ? `:\n${tail(printed)}` : ""}`);
};
