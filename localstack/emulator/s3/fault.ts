import { escapeXml } from "./xml.ts";

/** A failure as S3 words it. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export class S3Fault extends Error {
  readonly code: string;
  readonly status: number;
  /** More elements of the error document, such as the condition that did not hold. */
  readonly details: Readonly<Record<string, string>>;
  constructor(status: number, code: string, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "S3Fault";
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

export const faultXml = (fault: S3Fault, requestId: string): string => {
  const elements = { Code: fault.code, Message: fault.message, ...fault.details, RequestId: requestId };
  const inner = Object.entries(elements).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner.join("")}</Error>`;
};

export const noSuchBucket = (bucket: string): S3Fault =>
  new S3Fault(404, "NoSuchBucket", "The specified bucket does not exist", { BucketName: bucket });

export const noSuchKey = (key: string): S3Fault =>
  new S3Fault(404, "NoSuchKey", "The specified key does not exist.", { Key: key });

export const preconditionFailed = (condition: string): S3Fault =>
  new S3Fault(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", {
    Condition: condition,
  });

export const notImplemented = (what: string): S3Fault =>
  new S3Fault(501, "NotImplemented", `The local emulator does not implement ${what}.`);

export const malformedXml = (): S3Fault =>
  new S3Fault(400, "MalformedXML", "The XML you provided was not well-formed or did not validate.");
