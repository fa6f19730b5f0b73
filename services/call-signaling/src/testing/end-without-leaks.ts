import { expect } from 'vitest';
import type { CallCluster } from './call-cluster.ts';

/** Ends the nodes of a test once they are at rest, and fails it for what they still hold then. */
export async function endWithoutLeaks(cluster: CallCluster): Promise<void> {
  await cluster.quiet();
  const leaks = await cluster.leaks();
  await cluster[Symbol.asyncDispose]();
  expect(leaks).toEqual([]);
}
