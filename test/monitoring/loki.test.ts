import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { freePort } from "../../localstack/spawn-stack.ts";
import { until } from "../e2e/client.ts";
import { parseAlloy } from "./alloy-syntax.ts";
import { levelCounts, runPipeline } from "./pipeline.ts";

/** With a real Loki on the PATH: our configuration starts it, takes Milvus's log, and answers every query of ours. */

const base = join(import.meta.dirname, "../../infra/monitoring/base");

const isThere = (): boolean => {
  try {
    // Debian has another program of this name.
    if (/^loki, version 3\./.test(execFileSync("loki", ["-version"], { encoding: "utf8", stdio: "pipe" })))
      return true;
  } catch {
    // Said below.
  }
  console.log("no Grafana Loki 3 on the PATH: pushing and querying for real is left out");
  return false;
};

const start = async (): Promise<{ readonly url: string; readonly process: ChildProcess }> => {
  const folder = mkdtempSync(join(tmpdir(), "kettle-loki-"));
  const [http, grpc] = [await freePort(), await freePort()];
  // Its folders, ports and addresses; all else is as it is deployed.
  const configuration = readFileSync(join(base, "loki/loki.yaml"), "utf8")
    .replaceAll("/var/loki", folder)
    .replace("http_listen_port: 3100", `http_listen_address: 127.0.0.1\n  http_listen_port: ${http}`)
    .replace("grpc_listen_port: 9095", `grpc_listen_address: 127.0.0.1\n  grpc_listen_port: ${grpc}`);
  writeFileSync(join(folder, "loki.yaml"), configuration);
  const child = spawn(
    "loki",
    [`-config.file=${join(folder, "loki.yaml")}`, "-memberlist.bind-addr=127.0.0.1"],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  onTestFinished(async () => {
    const ended = once(child, "exit");
    if (child.kill("SIGKILL")) await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${http}`;
  const ready = () =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(ready, (is) => is || child.exitCode !== null, 50_000);
  return { url, process: child };
};

const queriesOfDashboards = (): readonly string[] =>
  readdirSync(join(base, "grafana/dashboards")).flatMap((name) => {
    const { panels } = JSON.parse(readFileSync(join(base, "grafana/dashboards", name), "utf8"));
    return panels.flatMap(({ targets }: { targets: { datasource: { uid: string }; expr?: string }[] }) =>
      targets.flatMap(({ datasource, expr }) => (datasource.uid === "loki" && expr ? [expr] : [])),
    );
  });

it('Loki takes what the pipeline makes of a log, and `{job="milvus"}` finds all of it', async () => {
  if (!isThere()) return;
  const { url } = await start();
  const pipeline = parseAlloy(readFileSync(join(base, "alloy/milvus.alloy"), "utf8")).find(
    ({ name, label }) => name === "loki.process" && label === "milvus",
  );
  const lines = readFileSync(join(import.meta.dirname, "milvus-2.3.5.log"), "utf8")
    .trimEnd()
    .split("\n");
  const entries = runPipeline(pipeline!, lines, { job: "milvus", component: "standalone" });
  const now = BigInt(Date.now() - 60_000) * 1_000_000n;
  const pushed = await fetch(`${url}/loki/api/v1/push`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      streams: entries.map(({ line, labels, metadata }, i) => ({
        stream: labels,
        values: [[String(now + BigInt(i)), line, metadata]],
      })),
    }),
  });
  expect(await pushed.text()).toBe("");
  expect(pushed.status).toBe(204);

  const ask = async (query: string) => {
    const parameters = new URLSearchParams({
      query,
      limit: "5000",
      step: "60",
      start: String(now - 3_600_000_000_000n),
    });
    const response = await fetch(`${url}/loki/api/v1/query_range?${parameters}`);
    expect(response.status, `${query}: ${await response.clone().text()}`).toBe(200);
    return (
      (await response.json()) as { data: { result: { stream: Record<string, string>; values: unknown[] }[] } }
    ).data.result;
  };
  const found = await ask('{job="milvus"}');
  const counts: Record<string, number> = {};
  for (const { stream, values } of found) {
    const level = stream.level ?? "none";
    counts[level] = (counts[level] ?? 0) + values.length;
  }
  expect(counts).toEqual(levelCounts(entries));
  expect(await ask('{job="milvus", level="FATAL"} |= "goroutine 0"')).toHaveLength(1);
  expect((await ask('{job="milvus"} | caller =~ "proxy/.*"')).length).toBeGreaterThan(0);
  for (const query of queriesOfDashboards())
    await ask(query.replaceAll("$__auto", "1m").replaceAll("$__range", "1h").replaceAll("$component", ".*"));
});
