import type { ClusterPage, PublicConfig } from "../api-client.ts";
import { type Finding, fine, warning } from "./finding.ts";

const hourMs = 3_600_000;
/** The shipped schedule is a day: after a week something does not run. */
const oldMs = 7 * 24 * hourMs;

const ageOf = (ms: number): string =>
  ms < 48 * hourMs ? `${Math.round(ms / hourMs)} hours` : `${Math.round(ms / (24 * hourMs))} days`;

/** Are there clusters, and how old are they? */
export const judgeClusters = (
  { version, trainedAt }: ClusterPage,
  { clustering }: PublicConfig,
  now: number,
): Finding => {
  if (clustering.algorithm === "none") return fine("clusters", "off (clustering.algorithm: none)");
  if (version === 0)
    return fine("clusters", "none yet: they are trained once clustering.minRows chunks are stored");
  const age = now - (trainedAt ?? now);
  const said = `version ${version}, trained ${ageOf(age)} ago`;
  return age <= oldMs
    ? fine("clusters", said)
    : warning(
        "clusters",
        said,
        "does the function recluster run on its schedule? Its log says; POST /clusters/rebuild starts it now",
      );
};
