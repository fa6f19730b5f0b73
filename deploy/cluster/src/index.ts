export type { Child } from './child.ts';
export { type Cluster, type ClusterOptions, type ServiceNode, startCluster } from './start-cluster.ts';
