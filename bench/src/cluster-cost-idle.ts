import type { Cluster } from '@switchboard/deploy-cluster';
import type { Socket } from 'socket.io-client';
import { cpuMs, residentBytes } from './cluster-cost-counters.ts';
import { delay, until } from './cluster-cost-load.ts';
import { type Account, connect, signUpPair } from './target.ts';

const SOCKETS = 2_000;
/** As many as a user may have. */
const PER_USER = 20;
const STEPS = 4;
const ABREAST = 25;
const SETTLE_MS = 2_000;

/** Of one signaling node; a value for each step of so many sockets. */
export interface ConnectionCost {
  readonly sockets: number;
  readonly users: number;
  readonly step: number;
  /** Resident memory, KB a connection. */
  readonly memoryKb: readonly number[];
  /** ms on a processor a connection, from the handshake until it is quiet. */
  readonly cpuMs: readonly number[];
}

/** Sockets that connect and then say nothing. */
export async function connectionCost(cluster: Cluster): Promise<ConnectionCost> {
  const [node] = cluster.signaling;
  if (!node) throw new Error('a cluster without a signaling node');
  const accounts: Account[] = [];
  while (accounts.length < SOCKETS / PER_USER) accounts.push(...(await signUpPair(cluster.url)));
  const open: Socket[] = [];
  const accountOf = (n: number) => accounts[n % accounts.length] as Account;
  const connectMany = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= ABREAST) {
      const some = Array.from({ length: Math.min(ABREAST, left) }, (_, at) =>
        connect(node.url, accountOf(open.length + at)),
      );
      open.push(...(await Promise.all(some)));
    }
  };
  const memoryKb: number[] = [];
  const cpu: number[] = [];
  try {
    // Uncounted: every user is known and online, all code is compiled.
    await connectMany(accounts.length);
    await quiet(node.pid);
    const step = Math.floor((SOCKETS - open.length) / STEPS);
    for (let done = 0; done < STEPS; done += 1) {
      const [memory, spent] = [await residentBytes(node.pid), await cpuMs(node.pid)];
      await connectMany(step);
      await quiet(node.pid);
      memoryKb.push(((await residentBytes(node.pid)) - memory) / 1024 / step);
      cpu.push(((await cpuMs(node.pid)) - spent) / step);
    }
    return { sockets: open.length, users: accounts.length, step, memoryKb, cpuMs: cpu };
  } finally {
    for (const socket of open) socket.close();
  }
}

/** Until the node does next to nothing. */
async function quiet(pid: number): Promise<void> {
  await until('the node is quiet', async () => {
    const before = await cpuMs(pid);
    await delay(SETTLE_MS);
    return (await cpuMs(pid)) - before < SETTLE_MS / 10;
  });
}
