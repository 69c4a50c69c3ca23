import { HelmChart, type ICluster } from "aws-cdk-lib/aws-eks-v2";
import { Construct } from "constructs";
import type { Config } from "../../lib/config/schema.ts";
import { acknowledge } from "../acknowledge.ts";
import { milvusNames } from "../charts/milvus-names.ts";
import { milvusChart, milvusValues } from "../charts/milvus-values.ts";
import { MilvusBucket } from "./milvus-bucket.ts";
import { PodIdentity } from "./pod-identity.ts";

/** Milvus by its chart, with a bucket that its pods reach by their identity. */
export class Milvus extends Construct {
  readonly chart: HelmChart;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly config: Config; readonly cluster: ICluster; readonly certificate: string },
  ) {
    super(scope, id);
    const { config, cluster, certificate } = props;
    const storage = new MilvusBucket(this, "Storage", config);
    const identity = new PodIdentity(this, "Identity", {
      cluster,
      namespace: milvusNames.namespace,
      serviceAccount: milvusNames.serviceAccount,
      statements: storage.statements(),
    });
    acknowledge(
      identity,
      "IAM5[Resource::<MilvusStorageBucket1FB9A318.Arn>/*]",
      "all objects of Milvus's own bucket, which holds nothing else",
    );
    this.chart = new HelmChart(this, "Chart", {
      cluster,
      ...milvusChart,
      release: milvusNames.release,
      namespace: milvusNames.namespace,
      createNamespace: false,
      // Milvus takes minutes to come up, longer with a GPU: the deployment does not wait, what uses it does.
      wait: false,
      values: milvusValues(config, { bucketName: storage.bucket.bucketName, certificate }),
    });
    this.chart.node.addDependency(identity);
  }
}
