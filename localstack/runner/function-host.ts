import { randomUUID } from "node:crypto";
import { type KeptChild, keepChild, runnerModule } from "./kept-child.ts";
import { StartError } from "./options.ts";
import type { FunctionDefinition } from "./stack-definition.ts";

/** Why an invocation has no result; what becomes of its messages hangs on it. */
export class InvocationError extends Error {
  /**
   * `thrown`: by the function. `timedOut`: the function's process was ended. `crashed`: its process ended by itself.
   * `interrupted`: its process was ended because of another invocation, or the stack stops.
   */
  readonly reason: "thrown" | "timedOut" | "crashed" | "interrupted";
  constructor(reason: InvocationError["reason"], message: string) {
    super(message);
    this.name = "InvocationError";
    this.reason = reason;
  }
}

/** A function of serverless.yml in a process of its own. */
export type FunctionHost = {
  /** When the function has been loaded for the first time; rejects when it cannot be. */
  readonly ready: Promise<void>;
  /** Invokes; waits while the process is (re)started. @throws InvocationError */
  invoke(event: unknown): Promise<unknown>;
  /** Ends the process. Running invocations get `graceMs` to finish. */
  stop(graceMs: number): Promise<void>;
};

export type HostMessage = {
  readonly id: string;
  readonly event: unknown;
  readonly timeoutMs: number;
  /** MB */
  readonly memorySize: number;
};

export type HostAnswer =
  | { readonly type: "ready" }
  | { readonly type: "loadFailed"; readonly message: string }
  /** The handler was called: the function's time runs from here. */
  | { readonly type: "started"; readonly id: string }
  | { readonly type: "done"; readonly id: string; readonly result: unknown }
  | { readonly type: "failed"; readonly id: string; readonly message: string };

export type FunctionHostOptions = {
  readonly definition: FunctionDefinition;
  /** Where `definition.handler` is looked for. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
  readonly report: (line: string) => void;
};

type Invocation = {
  readonly event: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: InvocationError) => void;
  sent: boolean;
  timer?: NodeJS.Timeout;
};

/**
 * As AWS sets them for a function, less the memory size: on AWS it stands for the number of vCPUs, here a function may
 * use all there are.
 */
const lambdaEnvironment = (
  definition: FunctionDefinition,
  root: string,
): Readonly<Record<string, string>> => ({
  ...definition.environment,
  _HANDLER: definition.handler,
  AWS_LAMBDA_FUNCTION_NAME: definition.name,
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  LAMBDA_TASK_ROOT: root,
});

/** The invocations that a process works on or will. */
class Invocations {
  readonly #open = new Map<string, Invocation>();
  #whenNone: (() => void) | null = null;

  add(invocation: Invocation): string {
    const id = randomUUID();
    this.#open.set(id, invocation);
    return id;
  }
  entries(): readonly (readonly [string, Invocation])[] {
    return [...this.#open];
  }
  get(id: string): Invocation | undefined {
    return this.#open.get(id);
  }
  settle(id: string, how: (invocation: Invocation) => void) {
    const invocation = this.#open.get(id);
    if (invocation === undefined) return;
    clearTimeout(invocation.timer);
    this.#open.delete(id);
    how(invocation);
    if (this.#open.size === 0) this.#whenNone?.();
  }
  /** When none is left, at the latest after `graceMs`. */
  untilNone(graceMs: number): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenNone = resolve;
      setTimeout(resolve, graceMs);
    });
  }
}

class ChildFunctionHost implements FunctionHost {
  readonly #options: FunctionHostOptions;
  readonly #timeoutMs: number;
  readonly #invocations = new Invocations();
  readonly #firstStart = Promise.withResolvers<void>();
  readonly #child: KeptChild;
  #loaded = false;
  #wasLoaded = false;
  #stopping = false;
  /** The invocation that exceeded its time. */
  #overdue: string | null = null;

  constructor(options: FunctionHostOptions) {
    const { definition, root } = options;
    this.#options = options;
    this.#timeoutMs = definition.timeoutSeconds * 1000;
    this.#child = keepChild({
      name: definition.key,
      module: runnerModule("function-host-main.ts"),
      cwd: root,
      env: { ...options.env, ...lambdaEnvironment(definition, root) },
      onMessage: (message) => this.#hear(message as HostAnswer),
      onLine: options.onLine,
      onEnd: (reason) => this.#lose(reason),
      report: options.report,
    });
  }

  get ready(): Promise<void> {
    return this.#firstStart.promise;
  }

  invoke(event: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const invocation: Invocation = { event, resolve, reject, sent: false };
      const id = this.#invocations.add(invocation);
      if (this.#loaded) this.#send(id, invocation);
    });
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await this.#invocations.untilNone(graceMs);
    await this.#child.stop(processGraceMs);
    for (const [id] of this.#invocations.entries()) this.#fail(id, "interrupted", "the stack stops");
  }

  #send(id: string, invocation: Invocation) {
    const { memorySize } = this.#options.definition;
    invocation.sent = true;
    this.#child.send({
      id,
      event: invocation.event,
      timeoutMs: this.#timeoutMs,
      memorySize,
    } satisfies HostMessage);
  }

  #hear(answer: HostAnswer) {
    const { definition, report } = this.#options;
    switch (answer.type) {
      case "ready":
        this.#loaded = true;
        this.#wasLoaded = true;
        this.#firstStart.resolve();
        for (const [id, invocation] of this.#invocations.entries()) this.#send(id, invocation);
        break;
      case "loadFailed":
        if (this.#wasLoaded) report(`${definition.key}  cannot be loaded: ${answer.message}`);
        else this.#firstStart.reject(new StartError(`${definition.key} cannot be loaded: ${answer.message}`));
        break;
      case "started":
        this.#startClock(answer.id);
        break;
      case "done":
        this.#invocations.settle(answer.id, ({ resolve }) => resolve(answer.result));
        break;
      case "failed":
        this.#fail(answer.id, "thrown", answer.message);
        break;
    }
  }

  #startClock(id: string) {
    const invocation = this.#invocations.get(id);
    if (invocation === undefined) return;
    invocation.timer = setTimeout(() => {
      this.#overdue = id;
      this.#child.restart(`timed out after ${this.#timeoutMs / 1000} s`);
    }, this.#timeoutMs);
  }

  /** The process is gone, and with it what was sent to it; what was not waits for the next. */
  #lose(reason: string) {
    const overdue = this.#overdue;
    this.#loaded = false;
    this.#overdue = null;
    const othersFault = overdue !== null || this.#stopping;
    for (const [id, { sent }] of this.#invocations.entries())
      if (sent) this.#fail(id, id === overdue ? "timedOut" : othersFault ? "interrupted" : "crashed", reason);
  }

  #fail(id: string, why: InvocationError["reason"], message: string) {
    this.#invocations.settle(id, ({ reject }) => reject(new InvocationError(why, message)));
  }
}

/** For a process that was asked to end. */
const processGraceMs = 200;

/**
 * Runs a function in a child process and invokes it over IPC.
 *
 * AWS gives each invocation an environment; here they share one process (and one model in memory), so an invocation
 * that exceeds its time takes the others with it: those are `interrupted`, and no fault of theirs.
 */
export const startFunctionHost = (options: FunctionHostOptions): FunctionHost =>
  new ChildFunctionHost(options);
