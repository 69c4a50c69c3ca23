import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const cache = join(import.meta.dirname, "../../.cache/cluster-bench");
const venv = join(cache, "venv");
const python = join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
const requirements = join(import.meta.dirname, "requirements.txt");

const kmeansFigures = z.object({
  lloyd: z.object({ ms: z.number(), meanSimilarity: z.number(), passes: z.number() }),
  faiss: z.object({ ms: z.number(), meanSimilarity: z.number() }),
  batches: z.object({ ms: z.number(), meanSimilarity: z.number() }),
});
const densityFigures = z.object({
  hdbscan: z.object({ ms: z.number(), clusters: z.number() }),
  fast_hdbscan: z.object({ ms: z.number(), clusters: z.number() }),
});

const findPython = (): string | undefined =>
  ["python3.12", "python3.11", "python3.13", "python3", "python"].find((name) => {
    try {
      execFileSync(name, ["-c", "import sys, venv, ensurepip; assert sys.version_info >= (3, 11)"], {
        stdio: "ignore",
      });
      return true;
    } catch {
      return false;
    }
  });

/** Makes the peers' virtual environment, once for the pinned versions. False where there is no Python 3.11 or newer. */
export const installPeers = (progress: (line: string) => void): boolean => {
  const stamp = join(venv, "installed.txt");
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return true;
  const command = findPython();
  if (command === undefined) {
    progress("no Python 3.11 or newer with venv on the PATH: the rows against PyPI's packages are left out");
    return false;
  }
  progress("installing the peers from PyPI into .cache/cluster-bench (once; a minute or two)");
  rmSync(venv, { recursive: true, force: true });
  execFileSync(command, ["-m", "venv", venv]);
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
  execFileSync(python, args, { stdio: ["ignore", "inherit", "inherit"] });
  writeFileSync(stamp, wanted);
  return true;
};

/** Writes vectors `[n, d]` as raw float32 for the peers. */
export const shareVectors = (vectors: Float32Array): string => {
  mkdirSync(cache, { recursive: true });
  const file = join(cache, "vectors.f32");
  writeFileSync(file, new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength));
  return file;
};

const ask = (task: Readonly<Record<string, string | number>>, threads: number): unknown => {
  // What these two say of the machine holds for another OpenBLAS than the one in NumPy's wheel.
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _l2, ...environment } = process.env;
  const count = String(threads);
  const limits = { OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, NUMBA_NUM_THREADS: count };
  const answer = execFileSync(
    python,
    [join(import.meta.dirname, "peers.py"), JSON.stringify({ ...task, threads })],
    {
      env: { ...environment, ...limits },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 600_000,
    },
  );
  return JSON.parse(answer.trim().split("\n").at(-1) ?? "");
};

/** Passes from the first `k` vectors as centroids; mini-batches from seeds of their own. */
export const peerKmeansFigures = (
  task: {
    readonly file: string;
    readonly d: number;
    readonly n: number;
    readonly k: number;
    readonly passes: number;
  },
  threads: number,
) => kmeansFigures.parse(ask({ what: "kmeans", ...task }, threads));

/** HDBSCAN of the first `n` vectors with clusters and core distances of `size`. */
export const peerDensityFigures = (
  task: { readonly file: string; readonly d: number; readonly n: number; readonly size: number },
  threads: number,
) => densityFigures.parse(ask({ what: "hdbscan", ...task }, threads));
