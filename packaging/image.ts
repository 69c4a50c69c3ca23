import { writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Bundled } from "./bundle.ts";
import type { Target } from "./unbundled.ts";
import { lambdaBaseImage } from "./versions.ts";

/** Lambda's quota for the layers of an image, unpacked. */
export const maxImageBytes = 10 * 1024 ** 3;

/**
 * The same folder that the zip file would hold, on Lambda's own image: the function does not know which of them it is.
 * What changes least would come first in a Dockerfile; here all of it changes with the code, so one layer it is.
 */
export const dockerfile = (name: string): string => `FROM ${lambdaBaseImage}
COPY . \${LAMBDA_TASK_ROOT}/
CMD ["functions/${name}.handler"]
`;

/** As osls hands it to `docker build`. */
export type ImageBuild = {
  /** The bundle, relative to the service. */
  readonly path: string;
  /** Relative to `path`: beside the bundle, so that it is not part of it. */
  readonly file: string;
  readonly platform: "linux/arm64" | "linux/amd64";
  /** Lambda takes no image index, which an attestation would make of it. */
  readonly provenance: "false";
};

/** Writes the Dockerfile beside a bundled function. */
export const writeImage = async (
  { name, folder }: Bundled,
  root: string,
  target: Target,
): Promise<ImageBuild> => {
  const file = join(dirname(folder), `${name}.Dockerfile`);
  await writeFile(file, dockerfile(name));
  return {
    path: relative(root, folder),
    file: relative(folder, file),
    platform: target.arch === "arm64" ? "linux/arm64" : "linux/amd64",
    provenance: "false",
  };
};
