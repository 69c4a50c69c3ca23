/**
 * The JSON of a queue message, as it is sent. SQS refuses U+FFFE and U+FFFF (its bodies are XML 1.0 text) while JSON
 * allows them bare: escaped they pass, and mean the same.
 */
export const messageBody = (message: unknown): string =>
  JSON.stringify(message).replaceAll(/[\ufffe\uffff]/g, (character) =>
    character === "\ufffe" ? "\\ufffe" : "\\uffff",
  );

export const bodyBytes = (message: unknown): number => Buffer.byteLength(messageBody(message));
