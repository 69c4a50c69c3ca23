import { clusterModels } from "../../lib/cluster/registry.ts";
import { clusterModelContract } from "../contract/cluster-model.ts";

for (const [name, { offline, query }] of Object.entries(clusterModels)) {
  clusterModelContract(`${name}, offline`, offline, name === "hdbscan");
  clusterModelContract(`${name}, at query time`, query, name === "hdbscan");
}
