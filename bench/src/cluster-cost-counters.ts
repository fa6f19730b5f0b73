import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Cluster } from '@switchboard/deploy-cluster';
import type { RedisCounter } from './redis-counter.ts';

const run = promisify(execFile);

/** Counters that only rise; two readings make a cost. */
export interface Reading {
  /** ms. */
  readonly at: number;
  /** Commands, those that scripts carry out among them, but for the routine of every node. */
  readonly redisCommands: number;
  readonly redisPublishes: number;
  readonly redisBytes: number;
  /** Messages that clients sent to NATS. */
  readonly natsMessages: number;
  readonly natsBytes: number;
  /** Of the processes asked about, all together: ms on a processor, and bytes read and written. */
  readonly cpuMs: number;
  readonly processBytes: number;
}

export function redisCli(cluster: Cluster, ...command: readonly string[]): Promise<string> {
  return run('redis-cli', ['-p', new URL(cluster.redisUrl).port, ...command]).then(({ stdout }) => stdout);
}

export async function read(cluster: Cluster, redis: RedisCounter, pids: readonly number[]): Promise<Reading> {
  const [redisCommands, stats, net, varz, processes] = await Promise.all([
    redis.commands(),
    redisCli(cluster, 'info', 'commandstats'),
    redisCli(cluster, 'info', 'stats'),
    fetch(`${cluster.natsMonitors[0]}/varz`).then((reply) => reply.json() as Promise<Record<string, number>>),
    Promise.all(pids.map(usage)),
  ]);
  let redisPublishes = 0;
  for (const [, name = '', calls] of stats.matchAll(/^cmdstat_([^:|]+)[^:]*:calls=(\d+)/gm)) {
    if (name.endsWith('publish')) redisPublishes += Number(calls);
  }
  const stat = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(net)?.[1]);
  const sum = (pick: (usage: Usage) => number) => processes.reduce((all, each) => all + pick(each), 0);
  return {
    at: performance.now(),
    redisCommands,
    redisPublishes,
    redisBytes: stat('total_net_input_bytes') + stat('total_net_output_bytes'),
    natsMessages: varz.in_msgs ?? Number.NaN,
    natsBytes: (varz.in_bytes ?? Number.NaN) + (varz.out_bytes ?? Number.NaN),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    processBytes: sum(({ bytes }) => bytes),
  };
}

/** What happened between two readings. */
export function between(from: Reading, to: Reading): Reading {
  const names = Object.keys(from) as (keyof Reading)[];
  return Object.fromEntries(names.map((name) => [name, to[name] - from[name]])) as unknown as Reading;
}

interface Usage {
  readonly cpuMs: number;
  readonly bytes: number;
}

async function usage(pid: number): Promise<Usage> {
  const [cpu, io] = await Promise.all([cpuMs(pid), readFile(`/proc/${pid}/io`, 'utf8')]);
  const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(io)?.[1]);
  return { cpuMs: cpu, bytes: count('rchar') + count('wchar') };
}

/** As the scheduler counts it, of all threads: `stat` counts in hundredths of a second, of which an idle process uses few. */
export async function cpuMs(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const each = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')),
  );
  return each.reduce((sum, text) => sum + Number(text.split(' ')[0]) / 1e6, 0);
}

/** Resident memory, bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
