/** SSM parameters in which `infra/` and the functions' stack meet: `/kettle/<stage>/<name>`. */
export const infraParameters = [
  "vpcId",
  "subnetIds",
  "securityGroupId",
  "milvusAddress",
  "milvusTokenSecretArn",
  /** PEM of the authority that signed Milvus's certificate. */
  "milvusCa",
] as const;
export type InfraParameter = (typeof infraParameters)[number];

export const infraParameterName = (stage: string, parameter: InfraParameter): string =>
  `/kettle/${stage}/${parameter}`;
