import { StringListParameter, StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import { type InfraParameter, infraParameterName } from "../../packaging/infra-parameters.ts";

/** Writes one of the SSM parameters where the functions' stack finds what was built here. */
export const publish = (
  scope: Construct,
  stage: string,
  parameter: InfraParameter,
  value: string | readonly string[],
): void => {
  const id = `Parameter-${parameter}`;
  const parameterName = infraParameterName(stage, parameter);
  if (typeof value === "string") new StringParameter(scope, id, { parameterName, stringValue: value });
  else new StringListParameter(scope, id, { parameterName, stringListValue: [...value] });
};
