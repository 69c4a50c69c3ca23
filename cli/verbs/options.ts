import { InvalidArgumentError } from "commander";

/** A signal that Ctrl-C aborts; a second Ctrl-C ends the process at once. */
export const interruptSignal = (): AbortSignal => {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort(new DOMException("interrupted", "AbortError")));
  return controller.signal;
};

/** Parser of an option: a whole number within bounds. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}.`);
    return value;
  };

/** Parser of an option whose value is JSON. */
export const jsonValue = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`is not JSON: ${error instanceof Error ? error.message : error}`);
  }
};
