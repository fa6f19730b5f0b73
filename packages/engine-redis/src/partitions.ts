import { partitionOf } from '@switchboard/ports/engine';
/**
 * How an index finds a place beside what it indexes. In a Redis Cluster only keys of one slot can be changed at once, so things and the index over
 * them are spread over a fixed number of partitions, each in one slot by its `{tag}`; asking the whole index is asking every partition. The number is
 * part of the stored form: changed while calls are live, they would not be found.
 */
export const PARTITIONS = 8;

export interface Partition {
  /** A key in this partition's slot. */
  key(name: string): string;
}

export interface Partitions {
  readonly all: readonly Partition[];
  of(id: string): Partition;
}

export function createPartitions(prefix: string, kind: string): Partitions {
  const all = Array.from({ length: PARTITIONS }, (_, n) => ({
    key: (name: string) => `${prefix}{${kind}${n}}:${name}`,
  }));
  return {
    all,
    of(id) {
      const partition = all[partitionOf(id, PARTITIONS)];
      if (!partition) throw new RangeError('no such partition');
      return partition;
    },
  };
}
