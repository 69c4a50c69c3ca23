export type EmulatorErrorCode =
  | "CONFIG_INVALID"
  | "PORT_TAKEN"
  | "ADDRESS_UNUSABLE"
  | "DATA_DIR_IN_USE"
  | "DATA_DIR_UNUSABLE";

/** Why the emulator could not start, in one line for people. */
export class EmulatorError extends Error {
  readonly code: EmulatorErrorCode;
  constructor(code: EmulatorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code;
    this.code = code;
  }
}

export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
