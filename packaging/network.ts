import { type FunctionName, functionNames } from "../lib/config/function-names.ts";
import type { Config } from "../lib/config/schema.ts";
import { pascal, ref, type Value } from "./cloudformation.ts";
import { type InfraParameter, infraParameterName } from "./infra-parameters.ts";

/** Presigned links are all that uploads makes: it speaks to no store. */
const outside: readonly FunctionName[] = ["uploads"];

/** Functions that run inside the network of `infra/`: those that reach its Milvus; none where there is no such network. */
export const functionsInside = ({ infra }: Pick<Config, "infra">): readonly FunctionName[] =>
  infra.enabled ? functionNames.filter((name) => !outside.includes(name)) : [];

type Parameters = Readonly<Record<string, { readonly Type: string; readonly Default: string }>>;
type Extensions = Readonly<Record<string, { readonly Properties: { readonly [key: string]: Value } }>>;

const fromSsm = (config: Config, name: InfraParameter, type: string) => ({
  Type: `AWS::SSM::Parameter::Value<${type}>`,
  Default: infraParameterName(config.stage, name),
});

/**
 * Parameters of the functions' stack that CloudFormation reads from SSM when it is deployed: packaging needs neither
 * credentials nor infrastructure that is already there.
 */
export const networkParameters = (config: Config): Parameters =>
  functionsInside(config).length === 0
    ? {}
    : {
        PrivateSubnets: fromSsm(config, "subnetIds", "List<AWS::EC2::Subnet::Id>"),
        FunctionSecurityGroup: fromSsm(config, "securityGroupId", "AWS::EC2::SecurityGroup::Id"),
      };

/** Puts the functions inside into the private subnets; what osls makes of a function is extended, not replaced. */
export const networkExtensions = (config: Config): Extensions =>
  Object.fromEntries(
    functionsInside(config).map((name) => [
      `${pascal(name)}LambdaFunction`,
      {
        Properties: {
          VpcConfig: {
            SubnetIds: ref("PrivateSubnets"),
            SecurityGroupIds: [ref("FunctionSecurityGroup")],
          },
        },
      },
    ]),
  );
