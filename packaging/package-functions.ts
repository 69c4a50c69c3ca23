import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../lib/config/schema.ts";
import { AppError } from "../lib/errors.ts";
import { bundleFunction, maxUnzippedBytes, zipFunction } from "./bundle.ts";
import type { FunctionName } from "./sizing.ts";

/** What is used of osls. */
type Serverless = {
  readonly serviceDir: string;
  readonly service: {
    readonly custom: { readonly kettle: Config };
    readonly provider: { readonly architecture?: string };
    readonly functions: Readonly<Record<string, { package?: { artifact: string } }>>;
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

/** Bundles every function of the service and tells osls where its zip file is. */
export const packageFunctions = async (serverless: Serverless, log: Log): Promise<void> => {
  const { serviceDir: root, service } = serverless;
  const config = service.custom.kettle;
  checkToken(config);
  const out = join(root, ".build");
  await mkdir(out, { recursive: true });
  const arch = service.provider.architecture === "x86_64" ? "x64" : "arm64";
  const sizes: Record<string, number> = {};
  for (const [name, declared] of Object.entries(service.functions)) {
    const target = { platform: "linux", arch } as const;
    const bundled = await bundleFunction(name as FunctionName, { root, out, config, target });
    if (bundled.bytes > maxUnzippedBytes)
      throw new Error(`${name} has ${bundled.bytes} bytes unzipped; Lambda takes ${maxUnzippedBytes}`);
    declared.package = { artifact: await zipFunction(bundled) };
    sizes[name] = bundled.bytes;
    log.notice(`${name}: ${bundled.bytes} bytes unzipped`);
  }
  await writeFile(join(root, sizesFile), JSON.stringify(sizes, null, 2));
};
