import type { Cluster } from '@switchboard/deploy-cluster';
import type { Socket } from 'socket.io-client';
import { connect, signUpPair } from './target.ts';

const ANSWER_MS = 30_000;
const QUIET_MS = 500;

/** Two people, one on the first signaling node and one on the second. */
export interface Pair {
  readonly from: Socket;
  readonly to: Socket;
  readonly toUserId: string;
  /** Of each event that one of them was sent, how many. */
  readonly heard: { readonly from: Map<string, number>; readonly to: Map<string, number> };
}

/** Something that happens between two, again and again. */
export interface Load {
  readonly name: string;
  /** How often each pair does it. */
  readonly everyMs: number;
  /** Whether each time must arrive; what is only a hint may be left out where it follows too soon upon the last. */
  readonly passes: 'all' | 'some';
  /** Whether any node may have a part in it, as in bringing a stored message to its people. */
  readonly shared: boolean;
  prepare(pair: Pair): Promise<void>;
  once(pair: Pair, n: number): Promise<void>;
  /** How many of these have come to their end, for this pair. */
  done(pair: Pair): number;
  finish(pair: Pair): Promise<void>;
}

export async function openPairs(cluster: Cluster, count: number): Promise<Pair[]> {
  const [first, second] = cluster.signaling.map(({ url }) => url);
  const pairs: Pair[] = [];
  for (let n = 0; n < count; n += 1) {
    const [caller, callee] = await signUpPair(cluster.url);
    const from = await connect(String(first), caller);
    const to = await connect(String(second), callee);
    pairs.push({ from, to, toUserId: callee.id, heard: { from: hearing(from), to: hearing(to) } });
  }
  return pairs;
}

function hearing(socket: Socket): Map<string, number> {
  const heard = new Map<string, number>();
  socket.onAny((event: string) => heard.set(event, (heard.get(event) ?? 0) + 1));
  return heard;
}

async function ask(socket: Socket, event: string, payload: unknown): Promise<void> {
  const reply = (await socket.timeout(ANSWER_MS).emitWithAck(event, payload)) as { ok: boolean };
  if (!reply.ok) throw new Error(`${event} was refused: ${JSON.stringify(reply)}`);
}

const nothing = (): Promise<void> => Promise.resolve();

export const LOADS: readonly Load[] = [
  {
    name: 'message and receipt',
    everyMs: 200,
    shared: true,
    passes: 'all',
    prepare: nothing,
    once: ({ from, toUserId }, n) =>
      ask(from, 'chat.send', { to: { userId: toUserId }, content: `The message of number ${n}` }),
    done: ({ heard }) => heard.from.get('message.delivered') ?? 0,
    finish: nothing,
  },
  {
    name: 'call signal',
    everyMs: 40,
    shared: false,
    passes: 'all',
    async prepare({ from, to, toUserId, heard }) {
      const before = heard.from.get('call.answered') ?? 0;
      await ask(from, 'call.place', { to: { userId: toUserId }, kind: 'voice' });
      await until('a call rings', () => (heard.to.get('call.incoming') ?? 0) > before);
      await ask(to, 'call.answer', {});
      await until('a call is answered', () => (heard.from.get('call.answered') ?? 0) > before);
    },
    once: ({ from }, n) =>
      ask(from, 'call.signal', { signal: { kind: 'offer', payload: { type: 'offer', sdp: `v=0 ${n}` } } }),
    done: ({ heard }) => heard.to.get('call.signal') ?? 0,
    finish: ({ from }) => ask(from, 'call.end', {}),
  },
  {
    name: 'typing notice',
    // Begins or stops; sooner than this a new beginning is not passed on.
    everyMs: 300,
    shared: false,
    passes: 'some',
    prepare: nothing,
    once: ({ from, toUserId }, n) =>
      ask(from, 'chat.typing', { to: { userId: toUserId }, active: n % 2 === 0 }),
    done: ({ heard }) => heard.to.get('typing') ?? 0,
    finish: nothing,
  },
];

/** All pairs for so long, and on until everything has arrived. Resolves with how often it happened. */
export async function apply(load: Load, pairs: readonly Pair[], forMs: number): Promise<number> {
  const began = performance.now();
  const before = total(load, pairs);
  const sent = await Promise.all(
    pairs.map(async (pair, at) => {
      let n = 0;
      // Not all in the same moment.
      let next = began + (at / pairs.length) * load.everyMs;
      while (performance.now() < began + forMs) {
        await delay(Math.max(0, next - performance.now()));
        await load.once(pair, n);
        n += 1;
        next = Math.max(next + load.everyMs, performance.now() - load.everyMs);
      }
      return n;
    }),
  );
  const sum = sent.reduce((all, n) => all + n, 0);
  if (load.passes === 'all') await until('everything arrives', () => total(load, pairs) - before >= sum);
  else await noMore(() => total(load, pairs));
  return total(load, pairs) - before;
}

function total(load: Load, pairs: readonly Pair[]): number {
  return pairs.reduce((sum, pair) => sum + load.done(pair), 0);
}

/** Until nothing has been added for a while. */
async function noMore(count: () => number): Promise<void> {
  let [last, since] = [count(), performance.now()];
  await until('no more arrives', () => {
    const now = count();
    if (now !== last) [last, since] = [now, performance.now()];
    return performance.now() - since > QUIET_MS;
  });
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within a minute`);
    await delay(10);
  }
}
