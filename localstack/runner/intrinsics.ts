/**
 * Values of a CloudFormation template as they are on one machine: Ref, Fn::GetAtt, Fn::Sub and Fn::Join become local
 * names and ARNs. Anything else is refused by name, so that nothing is half understood.
 */
export type Template = Readonly<
  Record<string, { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }>
>;

export type Resolve = (value: unknown) => string;

export const localAccount = "000000000000";

const nameProperty: Readonly<Record<string, string>> = {
  "AWS::S3::Bucket": "BucketName",
  "AWS::SQS::Queue": "QueueName",
  "AWS::SNS::Topic": "TopicName",
};

const arnOf = (type: string, name: string, region: string): string => {
  if (type === "AWS::S3::Bucket") return `arn:aws:s3:::${name}`;
  const service = type.split("::")[1]?.toLowerCase();
  return `arn:aws:${service}:${region}:${localAccount}:${name}`;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @throws Error that names what cannot be resolved */
export const intrinsicResolver = (resources: Template, region: string, stackName: string): Resolve => {
  const pseudo: Readonly<Record<string, string>> = {
    "AWS::Region": region,
    "AWS::AccountId": localAccount,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": stackName,
  };
  const named = (id: string): { type: string; name: string } => {
    const resource = resources[id];
    const property = nameProperty[resource?.Type ?? ""];
    if (resource === undefined || property === undefined)
      throw new Error(`${id} is no bucket, queue or topic of serverless.yml`);
    const given = resource.Properties[property];
    if (given === undefined)
      throw new Error(`${id} has no ${property}; without one it has no name on one machine`);
    return { type: resource.Type, name: resolve(given) };
  };
  const reference = (id: string): string => pseudo[id] ?? named(id).name;
  const attribute = (id: string, name: string): string => {
    const resource = named(id);
    if (name === "Arn") return arnOf(resource.type, resource.name, region);
    if (name === nameProperty[resource.type]) return resource.name;
    throw new Error(`${id}.${name} is not known on one machine`);
  };
  const substitute = (template: string, variables: Readonly<Record<string, unknown>>): string =>
    template.replaceAll(/\$\{([^!}][^}]*)\}/g, (_, expression: string) => {
      if (expression in variables) return resolve(variables[expression]);
      const [id = "", ...rest] = expression.split(".");
      return rest.length === 0 ? reference(id) : attribute(id, rest.join("."));
    });
  const functions: Readonly<Record<string, (argument: unknown) => string>> = {
    Ref: (id) => reference(String(id)),
    "Fn::GetAtt": (argument) => {
      const [id = "", ...rest] = Array.isArray(argument) ? argument.map(String) : String(argument).split(".");
      return attribute(id, rest.join("."));
    },
    "Fn::Sub": (argument) =>
      Array.isArray(argument)
        ? substitute(String(argument[0]), isRecord(argument[1]) ? argument[1] : {})
        : substitute(String(argument), {}),
    "Fn::Join": (argument) => {
      const [separator, parts] = Array.isArray(argument) ? argument : [];
      return Array.isArray(parts) ? parts.map(resolve).join(String(separator)) : "";
    },
  };
  const resolve = (value: unknown): string => {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      return String(value);
    const [[name, argument] = ["", undefined], ...more] = isRecord(value) ? Object.entries(value) : [];
    const apply = functions[name];
    if (apply === undefined || more.length > 0)
      throw new Error(`${JSON.stringify(value)} is not understood on one machine`);
    return apply(argument);
  };
  return resolve;
};
