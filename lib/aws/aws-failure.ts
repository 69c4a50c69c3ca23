import { AppError } from "../errors.ts";

type SdkError = { readonly name: string; readonly status: number | null; readonly message: string };

/** What the SDK's errors have in common, read without trusting their shape. */
export const sdkError = (error: unknown): SdkError => {
  if (!(error instanceof Error)) return { name: "Unknown", status: null, message: String(error) };
  const metadata =
    "$metadata" in error ? (error.$metadata as { readonly httpStatusCode?: number } | undefined) : undefined;
  return { name: error.name, status: metadata?.httpStatusCode ?? null, message: error.message };
};

/** `AWS_UNAVAILABLE` with what was asked, of whom, and what came back. */
export const awsFailure = (what: string, cause: unknown, hint = ""): AppError => {
  const { name, status, message } = sdkError(cause);
  const answer = status === null ? name : `${status} ${name}`;
  return new AppError("AWS_UNAVAILABLE", `${what}: ${answer}: ${message}${hint}`, { cause });
};
