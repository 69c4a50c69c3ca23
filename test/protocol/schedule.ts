import type { Tags } from "../../lib/aws/bucket.ts";
import { documentId } from "../../lib/ids.ts";
import { isMendable } from "../../lib/steps/document-failure.ts";
import { bytesOf, randomContent } from "./content.ts";
import { entryOf, watch, wrongAtRest } from "./invariants.ts";
import { type Random, seeded } from "./random.ts";
import { type Budget, createScheduler, type Process } from "./scheduler.ts";
import {
  bucketName,
  createWorld,
  enqueue,
  handlerOf,
  maxAttempts,
  type Queued,
  type Sabotage,
  stepsOf,
  stuckMinutes,
  type World,
} from "./world.ts";

export type Outcome = {
  readonly seed: number;
  readonly wrong: string | null;
  readonly trace: readonly string[];
  readonly seen: ReadonlySet<string>;
};

const maxReceives = 3;
/** A schedule that is not at rest by then never will be. */
const maxSteps = 6_000;
const forever = new AbortController().signal;
const speeds = [0.02, 0.3, 1, 2] as const;

/**
 * What may go wrong. Of `duplicates` alone, or `deaths` alone, the protocol must recover without reconcile; of
 * `everything` (both on one message, lost events, dead letters) with it.
 */
const modes = ["duplicates", "deaths", "everything"] as const;
type Mode = (typeof modes)[number];

type Action = { readonly weight: number; readonly run: () => void };

/** What a schedule may still do of its own accord. */
type Left = { users: number; duplicates: number; reconciles: number; retries: number; jumps: number };

type Run = {
  readonly world: World;
  readonly keys: readonly string[];
  readonly left: Left;
  readonly sabotage: Sabotage;
  readonly mode: Mode;
  running: number;
  started: number;
};

/** `end` says that the work is over, once. */
const begin = (run: Run, what: string, onCrash: () => void): Process & { readonly end: () => void } => {
  run.running += 1;
  let over = false;
  const end = () => {
    if (!over) run.running -= 1;
    over = true;
  };
  const name = `p${++run.started} ${what}`;
  run.world.scheduler.log(`${name} begins`);
  return {
    name,
    weight: run.world.random.pick(speeds),
    alive: true,
    end,
    onCrash: () => {
      // What is left of a function that has answered may still die.
      if (!over) onCrash();
      end();
    },
  };
};

/** Ends one delivery, once, however it ends. Without acknowledgement the message comes back, or is dead. */
const ending = ({ world }: Run, message: Queued) => {
  let ended = false;
  return (acknowledged: boolean): void => {
    if (ended) return;
    ended = true;
    message.active -= 1;
    const at = world.queued.indexOf(message);
    const dead = message.receives >= maxReceives && message.active === 0;
    if (at < 0 || !(acknowledged || dead)) return;
    world.queued.splice(at, 1);
    if (acknowledged) return;
    world.dead.push(message);
    world.scheduler.log(`message ${message.id} of ${message.queue} is dead`);
    world.scheduler.seen.add(`dead letter of ${message.queue}`);
  };
};

const deliver = (run: Run, message: Queued): void => {
  const { world, sabotage } = run;
  message.active += 1;
  message.receives += 1;
  const lastReceive = message.receives >= maxReceives;
  if (message.active > 1) world.scheduler.seen.add(`duplicate of ${message.queue}`);
  const what = `${message.queue}(message ${message.id}${lastReceive ? ", last" : ""})`;
  const endDelivery = ending(run, message);
  const process = begin(run, what, () => endDelivery(false));
  const { gate } = world.scheduler;
  const work = async () => {
    try {
      await handlerOf(
        world,
        process,
        message.queue,
        sabotage,
      )(message.body, { lastReceive, signal: forever });
      await gate(process, "acknowledges", () => endDelivery(true), false);
    } catch (error) {
      await gate(process, `gives back: ${error}`, () => endDelivery(false), false);
    }
    process.end();
  };
  void work();
};

/** Functions that no queue calls: what they throw, the next schedule or the user mends. */
const call = (run: Run, what: string, work: (process: Process) => Promise<unknown>): void => {
  const process = begin(run, what, () => {});
  const done = (how: string) => () => {
    run.world.scheduler.log(`${process.name} ${how}`);
    process.end();
  };
  work(process).then(done("ends"), done("fails"));
};

const reconcile = (run: Run): void =>
  call(run, "reconcile", async (process) => {
    const { woken } = await stepsOf(run.world, process, run.sabotage).reconcile()(forever);
    for (const [reason, count] of Object.entries(woken))
      if (count > 0) run.world.scheduler.seen.add(`woken: ${reason}`);
  });

const retry = (run: Run, key: string): void =>
  call(run, `retry ${key}`, (process) =>
    stepsOf(run.world, process, run.sabotage).retry()(documentId(bucketName, key)),
  );

/** Few different ones, so that the same tags come back. */
const tagsOf = (random: Random, share: number): Tags => (random.chance(share) ? { team: "red" } : {});

const put = ({ random, documents, scheduler }: World, key: string): void => {
  const current = documents.objects.get(key);
  const bytes = current !== undefined && random.chance(0.25) ? current.bytes : bytesOf(randomContent(random));
  const upload = random.chance(0.7) ? "1" : "2";
  const tags = tagsOf(random, 0.2);
  documents.upload(key, bytes, { metadata: { upload }, tags });
  scheduler.log(`user puts ${key} ${Buffer.from(bytes)} upload=${upload} ${JSON.stringify(tags)}`);
};

const retag = ({ random, documents, scheduler }: World, key: string): void => {
  const tags = tagsOf(random, documents.objects.get(key)?.tags.team === undefined ? 0.9 : 0.1);
  documents.retag(key, tags);
  scheduler.log(`user retags ${key} ${JSON.stringify(tags)}`);
  scheduler.seen.add("retagged");
};

/** Somebody puts, overwrites, changes metadata or tags, or deletes; the event may come twice, or never. */
const act = ({ world, keys, mode }: Run): void => {
  const { random, documents, scheduler } = world;
  const key = random.pick(keys);
  const isThere = documents.objects.has(key);
  if (isThere && random.chance(0.35)) {
    void documents.delete([key]);
    scheduler.log(`user deletes ${key}`);
  } else if (isThere && random.chance(0.25)) retag(world, key);
  else put(world, key);
  if (mode === "everything" && random.chance(0.05)) scheduler.log("its event is lost");
  else enqueue(world, "ingest", { version: 1, bucket: bucketName, key });
};

const redrive = ({ world }: Run): void => {
  const [message] = world.dead.splice(world.random.below(world.dead.length), 1);
  if (message === undefined) return;
  message.receives = 0;
  world.queued.push(message);
  world.scheduler.log(`message ${message.id} of ${message.queue} is redriven`);
};

const spend = (left: Left, what: keyof Left, weight: number, run: () => void): Action[] =>
  left[what] > 0
    ? [
        {
          weight,
          run: () => {
            left[what] -= 1;
            run();
          },
        },
      ]
    : [];

const actionsOf = (run: Run): Action[] => {
  const { world, left, keys } = run;
  const { random, scheduler } = world;
  const idle = world.queued.filter(({ active }) => active === 0);
  const busy = world.queued.filter(({ active }) => active === 1);
  const actions: Action[] = [
    ...spend(left, "users", 0.15, () => act(run)),
    ...spend(left, "reconciles", 0.03, () => reconcile(run)),
    ...spend(left, "retries", 0.03, () => retry(run, random.pick(keys))),
    ...spend(left, "jumps", 0.02, () => {
      world.now += (stuckMinutes + 1) * 60_000;
    }),
  ];
  if (idle.length > 0) actions.push({ weight: 0.3, run: () => deliver(run, random.pick(idle)) });
  if (busy.length > 0)
    actions.push(...spend(left, "duplicates", 0.05, () => deliver(run, random.pick(busy))));
  if (world.dead.length > 0) actions.push({ weight: 0.02, run: () => redrive(run) });
  if (scheduler.ops.length > 0)
    // Slow functions lose against new events and deliveries: the world has moved on when they go on.
    actions.push({ weight: Math.min(scheduler.weight(), 4), run: () => scheduler.step() });
  return actions;
};

const choose = (random: Random, actions: readonly Action[]): Action => {
  let left = random.next() * actions.reduce((sum, { weight }) => sum + weight, 0);
  for (const action of actions) {
    left -= action.weight;
    if (left <= 0) return action;
  }
  return actions.at(-1)!;
};

/** All promises that can go on have gone on: every process waits at a port. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const atRest = ({ world, running, left }: Run): boolean =>
  running === 0 && world.scheduler.ops.length === 0 && world.queued.length === 0 && left.users === 0;

/** Runs until nothing is under way; gives what went wrong on the way. */
const runToRest = async (
  run: Run,
  look: () => string | null,
  steps: { count: number },
): Promise<string | null> => {
  const { world } = run;
  for (;;) {
    await settle();
    const wrong = look();
    if (wrong !== null) return wrong;
    if (atRest(run)) return null;
    if (++steps.count > maxSteps) return "it never comes to rest";
    world.now += world.random.below(3);
    const actions = actionsOf(run);
    if (actions.length === 0) return `nothing is under way, but ${run.running} functions have not ended`;
    choose(world.random, actions).run();
  }
};

/** A failure that stands after its attempts is for a person to retry. */
const givenUp = (world: World, key: string): boolean => {
  const failure = entryOf(world, key)?.failure ?? null;
  return (
    entryOf(world, key)?.state === "failed" &&
    failure !== null &&
    isMendable(failure.code) &&
    failure.attempts >= maxAttempts
  );
};

/** No more faults. Dead messages are redriven or lost; reconcile passes until it finds nothing to do. */
const heal = async (
  run: Run,
  look: () => string | null,
  steps: { count: number },
): Promise<string | null> => {
  const { world, keys, left } = run;
  Object.assign(world.scheduler.budget, { crashes: 0, errors: 0, repeats: 0 });
  Object.assign(left, { duplicates: 0, reconciles: 0, retries: 0, jumps: 0 });
  world.failures.flaky = 0;
  world.scheduler.log("— no more faults");
  if (world.random.chance(0.5)) while (world.dead.length > 0) redrive(run);
  else world.dead.length = 0;
  let wrong = await runToRest(run, look, steps);
  for (let pass = 0; wrong === null && pass < 2; pass++) {
    world.now += (stuckMinutes + 1) * 60_000;
    reconcile(run);
    for (const key of keys) if (pass > 0 && givenUp(world, key)) retry(run, key);
    wrong = await runToRest(run, look, steps);
  }
  return wrong;
};

const budgetOf = (random: Random, mode: Mode): Budget => {
  const repeats = random.below(3);
  if (mode === "duplicates") return { crashes: 0, errors: 0, repeats };
  // One less than the deliveries of a message: none dies in the dead-letter queue.
  if (mode === "deaths") {
    const crashes = random.below(maxReceives);
    return { crashes, errors: maxReceives - 1 - crashes, repeats };
  }
  return { crashes: random.below(8), errors: random.below(8), repeats };
};

const leftOf = (random: Random, mode: Mode): Left => ({
  users: 2 + random.below(4),
  duplicates: mode === "deaths" ? 0 : random.below(4),
  reconciles: mode === "everything" ? random.below(3) : 0,
  retries: mode === "everything" ? random.below(2) : 0,
  jumps: random.below(3),
});

/** One random schedule, a function of its seed. */
export const runSchedule = async (
  seed: number,
  { sabotage = {}, tracing = false }: { readonly sabotage?: Sabotage; readonly tracing?: boolean } = {},
): Promise<Outcome> => {
  const random = seeded(seed);
  const mode = random.pick(modes);
  const scheduler = createScheduler(random, budgetOf(random, mode), tracing);
  const world = createWorld(random, scheduler);
  if (mode !== "everything") world.failures.flaky = 0;
  const keys = random.chance(0.2) ? ["k", "dir/é ~"] : ["k"];
  const run: Run = { world, keys, left: leftOf(random, mode), sabotage, mode, running: 0, started: 0 };
  scheduler.log(`seed ${seed}, ${mode}`);
  const look = watch(world, keys);
  const steps = { count: 0 };
  let wrong = await runToRest(run, look, steps);
  if (mode === "everything") wrong ??= await heal(run, look, steps);
  for (const key of keys) wrong ??= wrongAtRest(world, key);
  return { seed, wrong, trace: scheduler.trace, seen: scheduler.seen };
};

/** Many worlds side by side: they share the event loop's turns, nothing else. Gives those that went wrong. */
export const runSchedules = async (
  seeds: Iterable<number>,
  options: { readonly sabotage?: Sabotage } = {},
): Promise<{ readonly wrong: readonly Outcome[]; readonly seen: ReadonlySet<string> }> => {
  const wrong: Outcome[] = [];
  const seen = new Set<string>();
  const source = seeds[Symbol.iterator]();
  const worker = async () => {
    for (let next = source.next(); !next.done; next = source.next()) {
      const outcome = await runSchedule(next.value, options);
      for (const event of outcome.seen) seen.add(event);
      if (outcome.wrong !== null) wrong.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  return { wrong: wrong.sort((a, b) => a.seed - b.seed), seen };
};
