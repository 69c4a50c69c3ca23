import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { localstackVersion, milvusVersion } from "../../packaging/versions.ts";

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "docker-compose.yml"), "utf8");
const duration = z.string().regex(/^\d+(ms|s|m)$/);

/** The part of the Compose specification that the file uses: what is misspelt is refused, as compose would. */
const composeFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
  services: z.record(
    z.string(),
    z.strictObject({
      image: z.string(),
      restart: z.enum(["no", "always", "on-failure", "unless-stopped"]),
      command: z.array(z.string()).optional(),
      // Without quotes, YAML makes booleans of `true`, which compose refuses here.
      environment: z.record(z.string(), z.string()),
      ports: z.array(z.string()),
      volumes: z.array(z.string()),
      security_opt: z.array(z.string()),
      healthcheck: z.strictObject({
        test: z.array(z.string()).min(2),
        interval: duration,
        timeout: duration,
        retries: z.int().positive(),
        start_period: duration,
      }),
      stop_grace_period: duration.optional(),
    }),
  ),
  volumes: z.record(z.string(), z.null()),
});
const { services, volumes } = composeFile.parse(parse(text));
const { localstack, milvus } = services;

describe("docker-compose.yml", () => {
  it("runs LocalStack and Milvus, in the versions that packaging/versions.ts names", () => {
    expect(Object.keys(services).sort()).toEqual(["localstack", "milvus"]);
    expect(localstack?.image).toBe(`localstack/localstack:${localstackVersion}`);
    expect(milvus?.image).toBe(`milvusdb/milvus:v${milvusVersion}`);
  });

  it("takes no Milvus that exposes port 9091 without authentication", () => {
    const [major = 0, minor = 0, patch = 0] = milvusVersion.split(".").map(Number);
    expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(2_006_010);
  });

  it("opens ports to this machine alone", () => {
    const ports = Object.values(services).flatMap((service) => service.ports);
    expect(ports).toHaveLength(3);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/);
  });

  it("keeps data in volumes and mounts only what is in the repository or ignored by git", () => {
    // A variable may name another place; its default counts.
    const mounts = Object.values(services)
      .flatMap((service) => service.volumes)
      .map((mount) => mount.replace(/^\$\{[A-Z_]+:-([^}]+)\}/, "$1"));
    const [folders, named] = [
      mounts.filter((mount) => mount.startsWith(".")),
      mounts.filter((mount) => !mount.startsWith(".")),
    ];
    expect(named.map((mount) => mount.split(":")[0]).sort()).toEqual(Object.keys(volumes).sort());
    const ignored = readFileSync(join(root, ".gitignore"), "utf8").split("\n");
    for (const mount of folders) {
      const [source = ""] = mount.split(":");
      const top = `${source.split("/")[1]}/`;
      expect(existsSync(join(root, source)) || ignored.includes(top), mount).toBe(true);
    }
  });

  it("asks for a login, whose password is nowhere in the file", () => {
    expect(milvus?.environment.COMMON_SECURITY_AUTHORIZATIONENABLED).toBe("true");
    expect(milvus?.environment.COMMON_SECURITY_DEFAULTROOTPASSWORD).toMatch(
      /^\$\{MILVUS_ROOT_PASSWORD:\?.*\.env.*\}$/,
    );
    const secrets = Object.entries({ ...localstack?.environment, ...milvus?.environment }).filter(([name]) =>
      /PASSWORD|SECRET|TOKEN/.test(name),
    );
    for (const [name, value] of secrets) expect(value, name).toMatch(/^\$\{[A-Z_]+:\?/);
  });

  it(".env.example names every variable, and gives no password", () => {
    const example = readFileSync(join(root, ".env.example"), "utf8");
    expect(parseEnv(example)).toEqual({ MILVUS_ROOT_PASSWORD: "" });
    for (const [, name] of text.matchAll(/\$\{([A-Z_]+)/g)) expect(example).toContain(`${name}=`);
    expect(readFileSync(join(root, ".gitignore"), "utf8").split("\n")).toContain(".env");
  });

  it("serves S3 and SQS at LocalStack, and keeps Milvus in one process", () => {
    expect(localstack?.environment.SERVICES).toBe("s3,sqs");
    expect(milvus?.command).toEqual(["milvus", "run", "standalone"]);
    expect(milvus?.environment).toMatchObject({ ETCD_USE_EMBED: "true", COMMON_STORAGETYPE: "local" });
    const etcd = milvus?.volumes.find((mount) => mount.includes("etcd")) ?? "";
    expect(etcd.split(":")[1]).toBe(milvus?.environment.ETCD_CONFIG_PATH);
    const settings = parse(readFileSync(join(root, etcd.split(":")[0] ?? ""), "utf8"));
    expect(settings["listen-client-urls"]).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });
});
