import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FunctionName } from "../lib/config/function-names.ts";
import type { Config } from "../lib/config/schema.ts";
import { AppError } from "../lib/errors.ts";
import { type Bundled, bundleFunction, maxUnzippedBytes, zipFunction } from "./bundle.ts";
import { type ImageBuild, maxImageBytes, writeImage } from "./image.ts";
import type { Target } from "./unbundled.ts";

type DeclaredFunction = {
  handler?: string;
  image?: string | { readonly name: string };
  package?: { readonly artifact: string };
};

/** What is used of osls. */
export type Serverless = {
  readonly serviceDir: string;
  readonly service: {
    readonly custom: { readonly kettle: Config };
    readonly provider: {
      readonly architecture?: string;
      ecr?: { readonly images: Record<string, ImageBuild> };
    };
    readonly functions: Readonly<Record<string, DeclaredFunction>>;
  };
};
type Log = { notice(message: string): void };

/** Unzipped bytes of each function, as the last packaging wrote them. */
export const sizesFile = ".build/sizes.json";

/** A deployed function has no KETTLE_TOKEN: better no package than an API that cannot start. */
const checkToken = ({ stage, http }: Config): void => {
  if (http.auth && http.tokenSecret === null)
    throw new AppError(
      "CONFIG_INVALID",
      `stage ${stage}: http.auth is on and http.tokenSecret names no secret; set it in kettle.yml, or http.auth to false`,
    );
};

/** @throws AppError `CONFIG_INVALID`, which says how to go on */
export const checkSize = ({ name, bytes }: Pick<Bundled, "name" | "bytes">, asImage: boolean): void => {
  const most = asImage ? maxImageBytes : maxUnzippedBytes;
  if (bytes <= most) return;
  const advice = asImage ? "" : `; set functions.images.${name} to build in kettle.yml`;
  throw new AppError(
    "CONFIG_INVALID",
    `${name} has ${bytes.toLocaleString("en")} bytes unzipped, Lambda takes ${most.toLocaleString("en")}${advice}`,
  );
};

/** Stands in for an image that a dry run does not build. */
const unbuiltImage = `000000000000.dkr.ecr.us-east-1.amazonaws.com/not-built@sha256:${"0".repeat(64)}`;

/** Tells osls what the function is: a zip file, an image to build, or one that is there. */
const declare = async (
  bundled: Bundled,
  { serviceDir, service }: Serverless,
  target: Target,
  dryRun: boolean,
): Promise<void> => {
  const declared = service.functions[bundled.name];
  const image = service.custom.kettle.functions.images[bundled.name];
  if (declared === undefined) return;
  if (image === undefined) {
    declared.package = { artifact: await zipFunction(bundled) };
    return;
  }
  delete declared.handler;
  const build = await writeImage(bundled, serviceDir, target);
  if (image !== "build") declared.image = image;
  else if (dryRun) declared.image = unbuiltImage;
  else {
    declared.image = { name: bundled.name };
    service.provider.ecr = { images: { ...service.provider.ecr?.images, [bundled.name]: build } };
  }
};

/**
 * Bundles every function of the service and tells osls where its zip file is, or its image.
 * @param dryRun leaves images unbuilt: it works without Docker
 * @throws AppError `CONFIG_INVALID`
 */
export const packageFunctions = async (
  serverless: Serverless,
  log: Log,
  dryRun: boolean = false,
): Promise<void> => {
  const { serviceDir: root, service } = serverless;
  const config = service.custom.kettle;
  checkToken(config);
  const out = join(root, ".build");
  await mkdir(out, { recursive: true });
  const arch = service.provider.architecture === "x86_64" ? "x64" : "arm64";
  const target = { platform: "linux", arch } as const;
  const sizes: Record<string, number> = {};
  for (const key of Object.keys(service.functions)) {
    const name = key as FunctionName;
    const bundled = await bundleFunction(name, { root, out, config, target });
    checkSize(bundled, name in config.functions.images);
    await declare(bundled, serverless, target, dryRun);
    sizes[name] = bundled.bytes;
    log.notice(`${name}: ${bundled.bytes} bytes unzipped`);
  }
  await writeFile(join(root, sizesFile), JSON.stringify(sizes, null, 2));
};
