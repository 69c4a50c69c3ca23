import { installServers, startLite, startStandalone } from "./servers.ts";

/**
 * `npm run milvus -- lite|standalone`: a real Milvus from its Python package in the foreground, until Ctrl-C. For those
 * without Docker: `MILVUS_ADDRESS=… npm run bench -- store`, or a stage with `store.driver: milvus`. Its data goes with it.
 */
const usage = `npm run milvus -- lite|standalone

lite        milvus-lite 3.2: no login, BM25 and hybrid search
standalone  Milvus 2.3.5: login root:Milvus, users and roles
Both from their Python packages, on 127.0.0.1, with data that goes when they stop.`;

const kind = process.argv[2];
const start = kind === "lite" ? startLite : kind === "standalone" ? () => startStandalone({}) : null;
if (start === null) {
  const asked = kind === "--help" || kind === "-h";
  (asked ? console.log : console.error)(usage);
  process.exit(asked ? 0 : 2);
}

try {
  installServers();
  const server = await start();
  const token = kind === "lite" ? "" : " MILVUS_TOKEN=root:Milvus";
  console.log(
    `${kind} runs. In another terminal:\n  MILVUS_ADDRESS=${server.address}${token} npm run bench -- store`,
  );
  console.log("Ctrl-C stops it.");
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
    // The signal alone does not keep the process alive.
    setInterval(() => undefined, 60_000);
  });
  await server.stop();
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
