import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { s3Client } from "../lib/aws/clients.ts";
import { readBody } from "../lib/aws/read-body.ts";
import { loadConfig } from "../lib/config/load.ts";
import { createEmbedder } from "../lib/embed/create.ts";
import { describeFailure } from "../lib/errors.ts";
import { createChunkReader } from "../lib/read/create.ts";

/** What the parse function does with one object, in a process of its own: body, thread, chunks. Prints what it took. */
const root = join(import.meta.dirname, "..");
const [path = "", limits = "{}", ocrThreads = "1"] = process.argv.slice(2);
const config = loadConfig(join(root, "kettle.yml"), "local");
const images = { ...config.embedding.images, ocrThreads: Number(ocrThreads) };
const changed = {
  ...config,
  embedding: { ...config.embedding, images },
  limits: { ...config.limits, ...(JSON.parse(limits) as object) },
};
const began = performance.now();
const environment = { config: changed, modelsDir: join(root, "models"), vcpus: 1 };
const reader = createChunkReader(environment, () => createEmbedder(environment));
const read = async () => {
  const bytes = await readBody(createReadStream(path), changed.limits.objectBytes, statSync(path).size);
  const key = path.split("/").at(-1) ?? path;
  const signal = new AbortController().signal;
  return reader.read({ bytes, key, contentType: "", limits: changed.limits, signal });
};
// Loaded by the function too.
void s3Client;
const answer = await read().then(
  ({ chunks }) => ({ chunks: chunks.length, failure: null }),
  (error: unknown) => ({ chunks: 0, failure: describeFailure(error) }),
);
await reader.close();
const seconds = (performance.now() - began) / 1000;

/** Linux counts the peak of who started the process into its `maxRSS` (exec(2) keeps it), but not into VmHWM. */
const peakKb = (): number => {
  const status = "/proc/self/status";
  const own = existsSync(status) ? /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(status, "utf8"))?.[1] : undefined;
  return own === undefined ? process.resourceUsage().maxRSS : Number(own);
};
process.stdout.write(JSON.stringify({ ...answer, seconds, rssMb: peakKb() / 1024 }));
