import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { isPortTaken } from './port-taken.ts';

export interface PortWish {
  /** Ports that a server takes beside its own, as distances above it: these are free, too. */
  readonly beside?: readonly number[];
}

/** Lower ones belong to servers that people start by hand. */
const LOWEST = 10_000;
const HIGHEST = 65_535;
const TRIES = 1_000;
const STARTS = 5;

/** What this process was given. Ports belong to the machine, so two users of this module must not be given the same one: it is not the state of either. */
const given = new Set<number>();

/**
 * A loopback port that is free now and is given to nobody else in this process. It lies outside the range from which the kernel takes ports for
 * outgoing connections, so that it stays free until its server binds it, and while that server is dead and is about to come back.
 * @throws Error when none is found.
 */
export async function freePort({ beside = [] }: PortWish = {}): Promise<number> {
  const [first, last] = await range();
  const all = [0, ...beside];
  const count = last - first + 1 - Math.max(...all);
  let port = first + Math.floor(Math.random() * count);
  for (let tried = 0; tried < TRIES; tried += 1) {
    const wanted = all.map((distance) => port + distance);
    if (!wanted.some((each) => given.has(each))) {
      for (const each of wanted) given.add(each);
      if ((await Promise.all(wanted.map(isFree))).every(Boolean)) return port;
    }
    port = first + ((port + 1 - first) % count);
  }
  throw new Error(`no free port between ${first} and ${last}`);
}

/** Runs `start`, which asks for ports, again when somebody else took one of them before its server did. */
export async function withFreePorts<T>(start: () => Promise<T>): Promise<T> {
  for (let left = STARTS; ; left -= 1) {
    try {
      return await start();
    } catch (error) {
      if (left <= 1 || !isPortTaken(String(error))) throw error;
    }
  }
}

/** The widest part of the ports that the kernel leaves alone, or all where it leaves none. */
async function range(): Promise<readonly [number, number]> {
  const text = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '49152 65535');
  const [first = 49_152, last = HIGHEST] = text.trim().split(/\s+/).map(Number);
  const below = first - LOWEST;
  const above = HIGHEST - last;
  if (Math.max(below, above) < TRIES) return [LOWEST, HIGHEST];
  return below >= above ? [LOWEST, first - 1] : [Math.max(last + 1, LOWEST), HIGHEST];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
