import type { Health } from "../http/schemas.ts";
import type { Log } from "../log.ts";

/** Names of the metrics, for whoever raises alarms on them. Their dimensions are `service` and `stage`. */
export const healthMetrics = {
  namespace: "Kettle",
  /** 1 while the vector store does not answer. */
  storeUnavailable: "StoreUnavailable",
  failedChecks: "FailedChecks",
} as const;

/**
 * Looks at the health and logs it so that CloudWatch makes metrics of the line, without a call or a permission.
 * Source: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export const healthWatch =
  (deps: {
    readonly check: () => Promise<Health>;
    /** At INFO, whatever `log.level` says: a line that is not logged is no metric. */
    readonly log: Pick<Log, "info">;
    readonly service: string;
    readonly stage: string;
    /** ms since 1970 */
    readonly now: () => number;
  }) =>
  async (): Promise<void> => {
    const { namespace, storeUnavailable, failedChecks } = healthMetrics;
    const { status, checks } = await deps.check();
    const failed = checks.filter(({ ok }) => !ok);
    deps.log.info("health", {
      _aws: {
        Timestamp: deps.now(),
        CloudWatchMetrics: [
          {
            Namespace: namespace,
            Dimensions: [["service", "stage"]],
            Metrics: [
              { Name: storeUnavailable, Unit: "Count" },
              { Name: failedChecks, Unit: "Count" },
            ],
          },
        ],
      },
      service: deps.service,
      stage: deps.stage,
      status,
      failed,
      [storeUnavailable]: failed.some(({ name }) => name === "store") ? 1 : 0,
      [failedChecks]: failed.length,
    });
  };
