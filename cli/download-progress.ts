export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

type Screen = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };

export type DownloadProgress = {
  report(file: string, done: number, total: number | null): void;
  /** Leaves the bar's line; does nothing when there is none. */
  end(): void;
};

const barWidth = 24;
const lineEveryMs = 10_000;
const redrawEveryMs = 100;

const duration = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;

/** One bar that redraws itself on a terminal; elsewhere a line every ten seconds. */
export const downloadProgress = (
  screen: Screen,
  label: string,
  now: () => number = Date.now,
): DownloadProgress => {
  let current: string | null = null;
  let startedAt = 0;
  let startedWith = 0;
  let drawnAt = 0;
  let open = false;

  const describe = (file: string, done: number, total: number | null): string => {
    const perSecond = ((done - startedWith) * 1000) / Math.max(1, now() - startedAt);
    const speed = perSecond > 0 ? `  ${megabytes(perSecond)}/s` : "";
    if (total === null) return `${label}/${file}  ${megabytes(done)}${speed}`;
    const left = perSecond > 0 && done < total ? `  ${duration((total - done) / perSecond)} left` : "";
    const percent = Math.floor((done / Math.max(1, total)) * 100);
    return `${label}/${file}  ${percent}% of ${megabytes(total)}${speed}${left}`;
  };
  const bar = (done: number, total: number | null): string => {
    if (total === null || total === 0) return "";
    const full = Math.min(barWidth, Math.round((done / total) * barWidth));
    return `[${"#".repeat(full)}${"-".repeat(barWidth - full)}] `;
  };

  return {
    report: (file, done, total) => {
      const first = file !== current;
      if (first) {
        current = file;
        startedAt = now();
        startedWith = done;
      }
      const wait = screen.isTTY ? redrawEveryMs : lineEveryMs;
      if (!first && done !== total && now() - drawnAt < wait) return;
      drawnAt = now();
      const text = describe(file, done, total);
      if (!screen.isTTY) screen.write(`${text}\n`);
      else screen.write(`\r\u001b[K${(bar(done, total) + text).slice(0, (screen.columns ?? 80) - 1)}`);
      open = screen.isTTY === true;
    },
    end: () => {
      if (open) screen.write("\r\u001b[K");
      open = false;
      current = null;
    },
  };
};
