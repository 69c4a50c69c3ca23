import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import type { Config } from "../../lib/config/schema.ts";

/** A service that does not answer is told soon. */
export const awsClient = (region: string) => ({
  region,
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000 },
});

/** The stack of the functions, as osls names it. */
export const stackName = ({ name, stage }: Pick<Config, "name" | "stage">): string => `${name}-${stage}`;

export type FunctionsStack = { readonly status: string; readonly outputs: ReadonlyMap<string, string> };

/** @returns null when it is not deployed */
export const findStack = async (config: Config): Promise<FunctionsStack | null> => {
  const client = new CloudFormationClient(awsClient(config.aws.region));
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName(config) }));
    const [stack] = Stacks;
    if (stack === undefined) return null;
    return {
      status: stack.StackStatus ?? "",
      outputs: new Map(
        (stack.Outputs ?? []).map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]),
      ),
    };
  } catch (error) {
    // CloudFormation has no error of its own for it.
    if (error instanceof Error && /does not exist/.test(error.message)) return null;
    throw error;
  } finally {
    client.destroy();
  }
};
