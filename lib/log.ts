import { Logger } from "@aws-lambda-powertools/logger";

/**
 * Structured JSON logs. Keys in use: `requestId`, `documentId`, `key`, `run`, `queue`, `code`.
 * The level comes from `log.level` of kettle.yml; POWERTOOLS_LOG_LEVEL overrides it.
 */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

export const createLog = (service: string, level: "DEBUG" | "INFO" | "WARN" | "ERROR"): Logger =>
  new Logger({ serviceName: service, logLevel: level });
