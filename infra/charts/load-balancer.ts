import type { Manifest } from "./manifest.ts";
import { milvusNames } from "./milvus-names.ts";

/** Keeps the pods of a service in a target group that is made outside the cluster. */
export const loadBalancerController = {
  repository: "https://aws.github.io/eks-charts",
  chart: "aws-load-balancer-controller",
  version: "3.2.2",
  image: { repository: "public.ecr.aws/eks/aws-load-balancer-controller", tag: "v3.2.2" },
  namespace: "kube-system",
  serviceAccount: "aws-load-balancer-controller",
} as const;

export const loadBalancerControllerValues = (cluster: {
  readonly name: string;
  readonly region: string;
  readonly vpcId: string;
}) => ({
  clusterName: cluster.name,
  region: cluster.region,
  vpcId: cluster.vpcId,
  image: loadBalancerController.image,
  serviceAccount: { create: true, name: loadBalancerController.serviceAccount },
  // It binds one target group and makes nothing of its own: no ingresses, no load balancers for services.
  enableServiceMutatorWebhook: false,
  createIngressClassResource: false,
});

/** The proxies of Milvus as targets, by their own addresses. */
export const targetGroupBinding = (targetGroupArn: string, vpcId: string): Manifest => ({
  apiVersion: "elbv2.k8s.aws/v1beta1",
  kind: "TargetGroupBinding",
  metadata: { name: "milvus", namespace: milvusNames.namespace },
  spec: {
    serviceRef: { name: milvusNames.service, port: milvusNames.port },
    targetGroupARN: targetGroupArn,
    targetType: "ip",
    vpcID: vpcId,
  },
});
