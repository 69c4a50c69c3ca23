import type { FunctionName } from "../lib/config/function-names.ts";

/** What Lambda runs on; native files of other platforms stay out. */
export type Target = { readonly platform: "linux"; readonly arch: "arm64" | "x64" };

export type UnbundledPackage = {
  /** Those that import it; in the others, a path of code that reaches it is never taken. */
  readonly functions: readonly FunctionName[];
  /** Those that import it too where pictures have vectors. */
  readonly withImages?: readonly FunctionName[];
  /**
   * Files and folders of the package that are read at run time, a `*` in a name standing for any; package.json always
   * comes along. Left out: all of it, but for what nothing reads at run time.
   */
  readonly files?: (target: Target) => readonly string[];
  /** Packages that it loads itself: each is copied too, as it stands here or by its own line of the table. */
  readonly needs?: (target: Target) => readonly string[];
};

const model: readonly FunctionName[] = ["embed", "search"];

/**
 * Packages that cannot be part of a bundle (native code, workers or data that they find by file name), with what of
 * them is copied beside it. A new native package is one line here; test/serverless/bundle.test.ts then loads it from
 * the bundle of each function that has it.
 */
export const unbundledPackages: Readonly<Record<string, UnbundledPackage>> = {
  "onnxruntime-node": {
    functions: [...model, "parse", "recluster"],
    files: ({ platform, arch }) => ["dist", `bin/napi-*/${platform}/${arch}`],
    needs: () => ["onnxruntime-common"],
  },
  "onnxruntime-common": { functions: [], files: () => ["dist/cjs"] },
  sharp: {
    functions: ["parse"],
    withImages: model,
    files: () => ["dist"],
    needs: ({ platform, arch }) => [
      "@img/colour",
      "detect-libc",
      "semver",
      `@img/sharp-${platform}-${arch}`,
      `@img/sharp-libvips-${platform}-${arch}`,
    ],
  },
  piscina: { functions: [...model, "parse"], files: () => ["dist"] },
};

/** Large packages that only some functions reach: bundled there, left out elsewhere. */
const bundledOnlyIn: Readonly<Record<string, readonly FunctionName[]>> = { "pdf-parse": ["parse"] };

/** What esbuild leaves to be imported at run time. */
export const externalIn = (name: FunctionName): string[] => [
  ...Object.keys(unbundledPackages),
  ...Object.entries(bundledOnlyIn).flatMap(([pkg, functions]) => (functions.includes(name) ? [] : [pkg])),
];

/**
 * The packages that a function's bundle has beside it; one that embeds for some parameters only has embed's, too.
 * @param images whether pictures have vectors
 */
export const packagesOf = (name: FunctionName, embeds = false, images = false): readonly string[] =>
  Object.entries(unbundledPackages).flatMap(([pkg, { functions, withImages = [] }]) => {
    const here = functions.includes(name) || (images && withImages.includes(name));
    return here || (embeds && functions.includes("embed")) ? [pkg] : [];
  });
