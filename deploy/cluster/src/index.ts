export type { Child } from '@switchboard/processes';
export { type Cluster, type ClusterOptions, type ServiceNode, startCluster } from './start-cluster.ts';
