import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { GetQueueUrlCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SpawnedStack, spawnStack } from "../../localstack/spawn-stack.ts";
import { runKettle } from "../cli/run-kettle.ts";
import { apiAt, bucket, deadLetters, s3At, sqsAt, until } from "./client.ts";

const dataDir = mkdtempSync(join(tmpdir(), "kettle-e2e-"));
let stack: SpawnedStack;
let s3: S3Client;
let api: ReturnType<typeof apiAt>;

const put = (key: string, body: string | Uint8Array, extra: Record<string, unknown> = {}) =>
  s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...extra }));
const settled = (key: string) =>
  until(
    () => api.document(key),
    (found) => found?.state === "ready" || found?.state === "failed",
  );
const ready = async (key: string) => {
  const found = await settled(key);
  expect(found).toMatchObject({ key, state: "ready" });
  return found;
};

beforeAll(async () => {
  stack = await spawnStack({ dataDir, args: ["--no-samples"] });
  s3 = s3At(stack.awsUrl);
  api = apiAt(stack.url);
}, 90_000);

afterAll(async () => {
  await stack?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe("the embedded stack, through an AWS SDK client and HTTP", () => {
  it("an object that is put is found, in English and in Chinese", async () => {
    await put(
      "birds.txt",
      "Eagles and hawks soar in circles: rising warm air lifts them, and they need not flap their wings.",
    );
    await put("茶/绿茶 笔记.md", "# 绿茶\n\n绿茶要用八十度左右的水冲泡,水太烫,茶汤会变得又苦又涩。");
    await put("coffee.txt", "Espresso is brewed under nine bars of pressure in about twenty-five seconds.");
    await put("鸢.txt", "黑鸢张开宽大的翅膀,在热气流里一圈一圈地盘旋上升,不费力气就能升到几百米的高空。");
    await Promise.all(["birds.txt", "鸢.txt", "茶/绿茶 笔记.md", "coffee.txt"].map(ready));

    // In order of score alone: the default reranker puts what is typical of the best cluster first.
    const ask = (query: string) => api.search({ query, rerank: "none" });
    const chinese = await ask("泡绿茶用多少度的水?");
    expect(chinese.hits[0]).toMatchObject({ key: "茶/绿茶 笔记.md", rank: 1 });
    const english = await ask("At what temperature should green tea be brewed?");
    expect(english.hits[0]?.key).toBe("茶/绿茶 笔记.md");
    const hawks = await ask("老鹰为什么不拍翅膀也能在天上盘旋上升?");
    expect(hawks.hits[0]?.key).toBe("鸢.txt");
    // The model prefers passages in the question's own language; among the English ones the right one is first.
    expect(hawks.hits.find(({ key }) => ["birds.txt", "coffee.txt"].includes(key))?.key).toBe("birds.txt");
  });

  it("an overwrite replaces, a delete removes, and the same bytes come back", async () => {
    await put("note.txt", "The lighthouse keeper counts nine steps to the lamp.");
    const first = await ready("note.txt");
    await put("note.txt", "The lighthouse keeper counts forty steps to the lamp.");
    await until(
      () => api.document("note.txt"),
      (found) => found?.state === "ready" && found.revision !== first?.revision,
    );
    const search = () => api.search({ query: "How many steps does the lighthouse keeper count?", topK: 20 });
    const texts = async () =>
      (await search()).hits.filter((hit) => hit.key === "note.txt").map((hit) => hit.text);
    expect(await until(texts, (found) => found.length === 1)).toEqual([
      "The lighthouse keeper counts forty steps to the lamp.",
    ]);

    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "note.txt" }));
    await until(
      () => api.document("note.txt"),
      (found) => found?.state === "deleted",
    );
    await until(texts, (found) => found.length === 0);

    await put("note.txt", "The lighthouse keeper counts forty steps to the lamp.");
    await ready("note.txt");
    expect(await texts()).toHaveLength(1);
  });

  it("a poison PDF fails visibly, its neighbours are ready, and nothing is in a dead-letter queue", async () => {
    await put("good/one.txt", "Granite is an igneous rock with large crystals.");
    await put("good/poison.pdf", "%PDF-1.7\nthis is not a PDF at all\n%%EOF", {
      ContentType: "application/pdf",
    });
    await put("good/two.txt", "Basalt is an igneous rock with fine crystals.");
    await put(
      "good/program.exe",
      new Uint8Array([0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0xff, 0xff, 0, 0]),
    );
    await put("good/empty.txt", "");
    await Promise.all(["good/one.txt", "good/two.txt"].map(ready));
    const poison = await settled("good/poison.pdf");
    expect(poison).toMatchObject({ state: "failed", failure: { stage: "parse", code: "CORRUPT_DOCUMENT" } });
    expect(poison?.failure?.message).toContain("good/poison.pdf");
    expect((await settled("good/program.exe"))?.failure?.code).toBe("UNSUPPORTED_TYPE");
    expect((await settled("good/empty.txt"))?.failure?.code).toBe("EMPTY_DOCUMENT");
    expect(await deadLetters(sqsAt(stack.awsUrl))).toBe(0);
  });

  it("a presigned upload goes straight to the bucket and is ingested", async () => {
    const body = readFileSync("samples/tea/gongfu-zh.md");
    const { status, body: upload } = await api.json("/uploads", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key: "up/gongfu.md", contentType: "text/markdown", size: body.length }),
    });
    expect(status).toBe(200);
    const { url, headers } = upload as { url: string; headers: Record<string, string> };
    expect((await fetch(url, { method: "PUT", headers, body })).status).toBe(200);
    await ready("up/gongfu.md");
  });

  it("retry, delete and original work through the API", async () => {
    await put("api.txt", "A sundial tells the time by the shadow of its gnomon.");
    const found = await ready("api.txt");
    const retried = await api.json(`/documents/${found?.id}/retry`, { method: "POST" });
    expect(retried.status).toBe(202);
    await ready("api.txt");
    const original = await api.json(`/documents/${found?.id}/original`);
    const { url } = original.body as { url: string };
    expect(await (await fetch(url)).text()).toContain("sundial");
    expect((await api.json(`/documents/${found?.id}`, { method: "DELETE" })).status).toBe(202);
    await until(
      () => api.document("api.txt"),
      (seen) => seen?.state === "deleted",
    );
  });

  it("each reranker and mode answers over the same hits, grouped", async () => {
    for (const rerank of ["none", "distance", "cluster-size", "cluster-center"])
      for (const mode of ["dense", "sparse", "hybrid"]) {
        const { hits, clusters } = await api.search({
          query: "igneous rock crystals",
          mode,
          rerank,
          candidates: 20,
        });
        expect(hits.length).toBeGreaterThan(0);
        expect(hits.map((hit) => hit.rank)).toEqual(hits.map((_, i) => i + 1));
        expect(new Set(clusters.flatMap((cluster) => cluster.hitIds))).toEqual(
          new Set(hits.map((hit) => hit.id)),
        );
      }
  });

  it("the smoke test of a deployment passes, and leaves nothing", async () => {
    const { code, out, err } = await runKettle(["smoke-test"], { KETTLE_URL: stack.url });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^ready .*kettle-smoke-test\/.*\nfound .*\ndeleted .*\n.* works\n$/);
    const left = (await api.documents()).filter(({ key }) => key.startsWith("kettle-smoke-test/"));
    expect(left.filter(({ state }) => state !== "deleted")).toEqual([]);
  });

  it("the kettle command ingests a folder, lists, searches and retries", async () => {
    const env = { KETTLE_URL: stack.url };
    const ingested = await runKettle(["ingest", "samples/coffee", "--prefix", "cli/", "--json"], env);
    expect(ingested.code).toBe(0);
    const { files } = JSON.parse(ingested.out) as { files: { key: string; outcome: string }[] };
    expect(files.map(({ key, outcome }) => [key, outcome])).toEqual([
      ["cli/beans.json", "ready"],
      ["cli/extraction.txt", "ready"],
      ["cli/pourover-zh.md", "ready"],
    ]);
    const listed = await runKettle(["documents", "--prefix", "cli/"], env);
    expect(listed.out.trim().split("\n")).toHaveLength(3);
    const found = await runKettle(["search", "手冲咖啡为什么要闷蒸?", "--rerank", "none", "--json"], env);
    expect((JSON.parse(found.out) as { hits: { key: string }[] }).hits[0]?.key).toBe("cli/pourover-zh.md");
    const printed = await runKettle(
      ["search", "Which country grows beans that taste of jasmine?", "--rerank", "none"],
      env,
    );
    expect(printed.out).toContain("cli/beans.json");
    const none = await runKettle(["reindex"], env);
    expect(none.out.trim()).toBe("nothing is outdated");
  });

  it("poor chunks are apart with their flags, found only on request, and nothing but poor ones is a failure", async () => {
    await put(
      "site.md",
      "# Storks\n\nStorks rise on warm air over the fields in the late morning and glide south in long lines until the evening.\n\n" +
        "# Site\n\nHome\nAbout us\nContact us\nLog in\nSearch\nSitemap\nPrivacy policy\n",
    );
    await put("junk/菜单.txt", "首页\n产品中心\n关于我们\n联系我们\n登录 注册\n网站地图\n版权所有 隐私政策");
    const site = await ready("site.md");
    expect(site).toMatchObject({
      counts: { expected: 2, stored: 1, lowQuality: 1, dropped: 0 },
      quality: { flags: { boilerplate: 1 } },
    });
    const { body } = await api.json(`/documents/${site?.id}/chunks`);
    expect((body as { chunks: unknown[] }).chunks).toMatchObject([
      { ordinal: 0, lowQuality: false, qualityFlags: [] },
      { ordinal: 1, lowQuality: true, qualityFlags: expect.arrayContaining(["boilerplate"]) },
    ]);
    const found = async (includeLowQuality: boolean) => {
      const query = { query: "sitemap, privacy policy, log in", rerank: "none", topK: 50, includeLowQuality };
      return (await api.search(query)).hits.some(({ text }) => text.includes("Sitemap"));
    };
    expect([await found(false), await found(true)]).toEqual([false, true]);
    expect(await settled("junk/菜单.txt")).toMatchObject({
      state: "failed",
      failure: { code: "ONLY_LOW_QUALITY" },
      quality: { flags: { boilerplate: 1 } },
    });
    const env = { KETTLE_URL: stack.url };
    expect((await runKettle(["quality"], env)).out).toMatch(/boilerplate/);
    expect((await runKettle(["quality", "site.md"], env)).out).toMatch(/#1 0\.\d+ low .*boilerplate/);
  });

  it("of copies one is found, and deleting its document leaves the other", async () => {
    const said =
      "Mill stones are dressed with a steel pick twice a year, and the dust of it is swept out before new grain is poured.";
    await put("mill/a.txt", said);
    await put("mill/b.txt", `${said.replace("twice a", "twice each")}\n`);
    await Promise.all(["mill/a.txt", "mill/b.txt"].map(ready));
    const mills = async () =>
      (await api.search({ query: "How are mill stones dressed?", rerank: "none", topK: 50 })).hits.filter(
        ({ key }) => key.startsWith("mill/"),
      );
    const [hit, ...more] = await mills();
    expect(hit).toMatchObject({ duplicates: 1 });
    expect(more).toEqual([]);
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: hit?.key }));
    const left = await until(mills, (hits) => hits.length === 1 && hits[0]?.key !== hit?.key);
    expect(left[0]).not.toHaveProperty("duplicates");
  });

  it("bad requests are named, with a request id", async () => {
    const { status, body } = await api.json("/search", { method: "POST", body: '{"query": 7, "nope": 1}' });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: "BAD_REQUEST", requestId: expect.any(String) } });
    expect(JSON.stringify(body)).toMatch(/query.*nope|nope.*query/);
    expect((await api.json("/documents/00000000000000000000000000000000")).status).toBe(404);
  });

  it("kettle doctor finds it in order but for what is broken: a message in a dead-letter queue", async () => {
    const env = { KETTLE_URL: stack.url };
    const well = await runKettle(["doctor", "--json"], env);
    expect(JSON.parse(well.out)).toMatchObject({ problems: 0 });
    expect(well.code).toBe(0);
    const sqs = sqsAt(stack.awsUrl);
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "kettle-write-dlq" }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "poison" }));
    const ill = await runKettle(["doctor"], env);
    expect(ill.code).toBe(1);
    expect(ill.out).toMatch(/^NO {2}dead-letter-queues messages in kettle-write-dlq$/m);
    expect(ill.out).toContain("docs/runbook.md");
  });

  it("Ctrl-C stops all of it within two seconds", async () => {
    expect(await stack.stop()).toBeLessThan(2_000);
    expect(stack.process.exitCode).toBe(0);
    await expect(fetch(`${stack.url}/health`)).rejects.toThrow();
    await expect(fetch(stack.awsUrl)).rejects.toThrow();
  });
});
