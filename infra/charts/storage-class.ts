import type { Manifest } from "./manifest.ts";

export const storageClassName = "kettle-gp3";

/** The cluster's default: encrypted gp3 volumes in the zone of the pod that asks first. */
export const storageClass = (deletionPolicy: "retain" | "destroy"): Manifest => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: {
    name: storageClassName,
    annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  },
  provisioner: "ebs.csi.aws.com",
  parameters: { type: "gp3", encrypted: "true" },
  volumeBindingMode: "WaitForFirstConsumer",
  allowVolumeExpansion: true,
  reclaimPolicy: deletionPolicy === "retain" ? "Retain" : "Delete",
});
