import { queueArn, queueNameOf } from "../sqs/queue.ts";
import type { CorsRule } from "./cors.ts";
import { malformedXml, notImplemented, S3Fault } from "./fault.ts";
import type { NotificationRule } from "./notifications.ts";
import { readText, type S3Action, xmlResponse } from "./request.ts";
import { parseXml, toXml, type XmlElement } from "./xml.ts";

export const listBuckets: S3Action = (_, { objects }) => {
  const buckets = objects.buckets().map(({ name, createdAt }) => ({
    Name: name,
    CreationDate: new Date(createdAt).toISOString(),
  }));
  return xmlResponse(
    toXml("ListAllMyBucketsResult", {
      Buckets: { Bucket: buckets },
      Owner: { ID: "local", DisplayName: "local" },
    }),
  );
};

const validName = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export const createBucket: S3Action = ({ bucket }, { objects }) => {
  if (!validName.test(bucket))
    throw new S3Fault(400, "InvalidBucketName", "The specified bucket is not valid.", { BucketName: bucket });
  if (objects.findBucket(bucket))
    throw new S3Fault(
      409,
      "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.",
      { BucketName: bucket },
    );
  objects.saveBucket(bucket, {});
  return { status: 200, headers: { location: `/${bucket}` } };
};

export const headBucket: S3Action = ({ bucket }, { objects, region }) => {
  objects.bucket(bucket);
  return { status: 200, headers: { "x-amz-bucket-region": region } };
};

export const deleteBucket: S3Action = ({ bucket }, { objects }) => {
  objects.dropBucket(bucket);
  return { status: 204 };
};

export const getLocation: S3Action = ({ bucket }, { objects }) => {
  objects.bucket(bucket);
  // Empty: us-east-1. A client must not go looking for another endpoint.
  return xmlResponse(toXml("LocationConstraint", {}));
};

export const getVersioning: S3Action = ({ bucket }, { objects }) => {
  objects.bucket(bucket);
  return xmlResponse(toXml("VersioningConfiguration", {}));
};

const elsewhere = ["TopicConfiguration", "CloudFunctionConfiguration", "EventBridgeConfiguration"];

const filterValue = (configuration: XmlElement, name: string): string => {
  const rules = configuration
    .children("Filter")
    .flatMap((filter) => filter.children("S3Key"))
    .flatMap((key) => key.children("FilterRule"));
  return rules.find((rule) => rule.text("Name")?.toLowerCase() === name)?.text("Value") ?? "";
};

export const putNotification: S3Action = async (request, { objects }) => {
  const bucket = objects.bucket(request.bucket);
  const root = parseXml(await readText(request));
  const other = elsewhere.find((name) => root.children(name).length > 0);
  if (other) throw notImplemented(`${other} of bucket notifications`);
  const notifications = root.children("QueueConfiguration").map((configuration): NotificationRule => {
    const arn = configuration.text("Queue");
    if (!arn) throw malformedXml();
    return {
      id: configuration.text("Id") ?? request.id,
      queue: queueNameOf(arn),
      events: configuration.texts("Event"),
      prefix: filterValue(configuration, "prefix"),
      suffix: filterValue(configuration, "suffix"),
    };
  });
  objects.sendTestEvents(objects.saveBucket(bucket.name, { notifications }), request.id);
  return { status: 200 };
};

const filterXml = ({ prefix, suffix }: NotificationRule) => {
  const rules = [
    ...(prefix === "" ? [] : [{ Name: "prefix", Value: prefix }]),
    ...(suffix === "" ? [] : [{ Name: "suffix", Value: suffix }]),
  ];
  return rules.length > 0 ? { S3Key: { FilterRule: rules } } : undefined;
};

export const getNotification: S3Action = ({ bucket }, { objects, region }) => {
  const { notifications } = objects.bucket(bucket);
  return xmlResponse(
    toXml("NotificationConfiguration", {
      QueueConfiguration: notifications.map((rule) => ({
        Id: rule.id,
        Queue: queueArn(region, rule.queue),
        Event: rule.events,
        Filter: filterXml(rule),
      })),
    }),
  );
};

const seconds = (rule: XmlElement): Pick<CorsRule, "maxAgeSeconds"> => {
  const value = rule.text("MaxAgeSeconds");
  return value === undefined ? {} : { maxAgeSeconds: Number(value) };
};

export const putCors: S3Action = async (request, { objects }) => {
  const bucket = objects.bucket(request.bucket);
  const cors = parseXml(await readText(request))
    .children("CORSRule")
    .map((rule) => ({
      allowedOrigins: rule.texts("AllowedOrigin"),
      allowedMethods: rule.texts("AllowedMethod"),
      allowedHeaders: rule.texts("AllowedHeader"),
      exposeHeaders: rule.texts("ExposeHeader"),
      ...seconds(rule),
    }));
  if (cors.length === 0) throw malformedXml();
  objects.saveBucket(bucket.name, { cors });
  return { status: 200 };
};

export const getCors: S3Action = ({ bucket }, { objects }) => {
  const { cors } = objects.bucket(bucket);
  if (cors.length === 0)
    throw new S3Fault(404, "NoSuchCORSConfiguration", "The CORS configuration does not exist", {
      BucketName: bucket,
    });
  return xmlResponse(
    toXml("CORSConfiguration", {
      CORSRule: cors.map((rule) => ({
        AllowedOrigin: rule.allowedOrigins,
        AllowedMethod: rule.allowedMethods,
        AllowedHeader: rule.allowedHeaders,
        ExposeHeader: rule.exposeHeaders,
        MaxAgeSeconds: rule.maxAgeSeconds === undefined ? undefined : String(rule.maxAgeSeconds),
      })),
    }),
  );
};

export const deleteCors: S3Action = ({ bucket }, { objects }) => {
  objects.bucket(bucket);
  objects.saveBucket(bucket, { cors: [] });
  return { status: 204 };
};

export const deleteObjects: S3Action = async (request, { objects }) => {
  objects.bucket(request.bucket);
  const root = parseXml(await readText(request));
  const keys = root.children("Object").map((object) => object.text("Key"));
  if (keys.length === 0 || keys.length > 1000) throw malformedXml();
  const deleted: { Key: string }[] = [];
  for (const key of keys) {
    if (key === undefined) throw malformedXml();
    objects.remove(request.bucket, key, request.id);
    deleted.push({ Key: key });
  }
  return xmlResponse(toXml("DeleteResult", root.text("Quiet") === "true" ? {} : { Deleted: deleted }));
};
