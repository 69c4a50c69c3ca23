import { AppError } from "../../lib/errors.ts";
import type { Random } from "./random.ts";

/** One invocation of a function: it runs until its next port call, and goes on when the scheduler says so. */
export type Process = {
  readonly name: string;
  /** How often it is chosen: slow ones fall far behind the others. */
  readonly weight: number;
  alive: boolean;
  readonly onCrash: () => void;
};

/** A port call that waits to be made. */
type Op = {
  readonly process: Process;
  readonly label: string;
  readonly effect: () => unknown;
  readonly fallible: boolean;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/** How many of each the schedule may still have. */
export type Budget = { crashes: number; errors: number; repeats: number };

export type Scheduler = {
  readonly ops: Op[];
  readonly budget: Budget;
  /** A port call: made, answered, lost or never made, when its turn comes. */
  gate<T>(process: Process, label: string, effect: () => T | Promise<T>, fallible?: boolean): Promise<T>;
  /** Sum of the weights of the calls that wait. */
  weight(): number;
  /** Makes one of the calls that wait. */
  step(): void;
  log(line: string): void;
  /** Kinds of events that happened: a checker that never sees one checks nothing of it. */
  readonly seen: Set<string>;
  readonly trace: string[];
};

const faultChances = [0.02, 0.05, 0.15] as const;
type Fault = "crash before" | "crash after" | "error before" | "error after" | "repeat";

const outage = (label: string): AppError => new AppError("AWS_UNAVAILABLE", `${label}: connection reset`);

/** `tracing` false keeps no trace: a failing seed is run again with it. */
export const createScheduler = (random: Random, budget: Budget, tracing: boolean): Scheduler => {
  const ops: Op[] = [];
  const trace: string[] = [];
  const seen = new Set<string>();
  const faultChance = random.pick(faultChances);
  const log = (line: string): void => {
    if (tracing) trace.push(line);
  };

  const chooseFault = (op: Op): Fault | null => {
    if (!random.chance(faultChance)) return null;
    const possible: Fault[] = [];
    if (budget.crashes > 0) possible.push("crash before", "crash after");
    if (budget.errors > 0 && op.fallible) possible.push("error before", "error after");
    if (budget.repeats > 0 && op.fallible) possible.push("repeat");
    return possible.length === 0 ? null : random.pick(possible);
  };

  const kill = (process: Process): void => {
    process.alive = false;
    for (let i = ops.length - 1; i >= 0; i--) if (ops[i]!.process === process) ops.splice(i, 1);
    process.onCrash();
  };

  const answer = (op: Op, how: () => unknown): void => {
    try {
      op.resolve(how());
    } catch (error) {
      op.reject(error);
    }
  };

  const suffer: Record<Fault, (op: Op) => void> = {
    "crash before": (op) => {
      budget.crashes -= 1;
      kill(op.process);
    },
    "crash after": (op) => {
      budget.crashes -= 1;
      // The call was made; what it answers, failures included, nobody hears.
      Promise.resolve(op.effect()).catch(() => {});
      kill(op.process);
    },
    "error before": (op) => {
      budget.errors -= 1;
      op.reject(outage(op.label));
    },
    "error after": (op) => {
      budget.errors -= 1;
      Promise.resolve(op.effect()).catch(() => {});
      op.reject(outage(op.label));
    },
    // The reply was lost, the SDK made the request again and gives the second answer.
    repeat: (op) => {
      budget.repeats -= 1;
      Promise.resolve(op.effect()).catch(() => {});
      answer(op, op.effect);
    },
  };

  const weight = (): number => {
    let total = 0;
    for (const { process } of ops) total += process.weight;
    return total;
  };

  const choose = (): Op => {
    let left = random.next() * weight();
    for (const op of ops) {
      left -= op.process.weight;
      if (left <= 0) return op;
    }
    return ops.at(-1)!;
  };

  return {
    ops,
    budget,
    trace,
    seen,
    log,
    weight,
    gate: <T>(process: Process, label: string, effect: () => T | Promise<T>, fallible = true) =>
      new Promise<T>((resolve, reject) => {
        // A dead process may still come here from a promise that was on its way: it is never answered.
        if (!process.alive) return;
        ops.push({ process, label, effect, fallible, resolve: resolve as (answer: unknown) => void, reject });
      }),
    step: () => {
      const op = choose();
      ops.splice(ops.indexOf(op), 1);
      const fault = chooseFault(op);
      log(`${op.process.name} ${op.label}${fault === null ? "" : `  ← ${fault.toUpperCase()}`}`);
      if (fault === null) return answer(op, op.effect);
      seen.add(fault);
      suffer[fault](op);
    },
  };
};
