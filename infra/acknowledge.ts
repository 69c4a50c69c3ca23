import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/**
 * Says of a finding of cdk-nag why it stays. Holds for the construct and what is below it.
 * @param rule such as `S1`, or `IAM5[Resource::*]` for one finding of a rule that has several
 */
export const acknowledge = (construct: IConstruct, rule: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason });

/** AWS keeps these policies current with its services; narrower copies would break with the next version of EKS. */
export const acknowledgeManagedPolicies = (
  construct: IConstruct,
  policies: readonly string[],
  reason: string,
): void => {
  for (const policy of policies)
    acknowledge(construct, `IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`, reason);
};
