import { AppError } from "../../errors.ts";
import type { Connection } from "./connection.ts";

/** The group that a collection is loaded into unless it is moved. */
const defaultGroup = "__default_resource_group";

/** Query nodes of the default resource group; null: this server, or this user's privileges, do not tell. */
export const queryNodes = async (connection: Connection): Promise<number | null> => {
  const { resourceGroups } = await connection.capabilities();
  if (!resourceGroups) return null;
  try {
    const answer = await connection.call("DescribeResourceGroup", undefined, (sdk) =>
      sdk.describeResourceGroup({ resource_group: defaultGroup }),
    );
    return Number(answer.resource_group.num_available_node);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
};

/**
 * Why so many in-memory replicas cannot be loaded; null: they can, or nobody knows. Asked before a collection is
 * released to be loaded with other replicas, so that search does not lose what it has.
 */
export const replicaProblem = async (connection: Connection, replicas: number): Promise<string | null> => {
  const nodes = replicas === 1 ? null : await queryNodes(connection);
  if (nodes === null || nodes >= replicas) return null;
  return (
    `nodes not enough: ${replicas} in-memory replicas need as many query nodes at least, and Milvus at ` +
    `${connection.address} has ${nodes}: lower store.replicas, or add query nodes (queryNode.replicas in the Milvus chart)`
  );
};
