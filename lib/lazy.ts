/**
 * Builds on the first call and keeps what it built. A failure is not kept: the next call tries again, since a store
 * that was down at a cold start may be up for the next request.
 */
export const lazy = <T>(build: () => Promise<T>): (() => Promise<T>) => {
  let built: Promise<T> | null = null;
  return () => {
    built ??= build().catch((error: unknown) => {
      built = null;
      throw error;
    });
    return built;
  };
};
