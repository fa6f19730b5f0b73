import { randomUUID } from 'node:crypto';
import type { Child } from '@switchboard/deploy-cluster';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import { type LiveCluster, liveCluster } from './live-cluster.ts';

const offer = { type: 'offer', sdp: 'v=0 offer' };
const answer = { type: 'answer', sdp: 'v=0 answer' };
/** A server that hangs is noticed by the time that its answers take; then everything is as if it were gone. */
const NOTICED_MS = 30_000;
/** An event that NATS handed out as it froze is handed out again after six seconds, and those behind it wait. */
const RECOVERED_MS = 60_000;

const present = describe.skipIf(Boolean(process.env.SWITCHBOARD_MISSING_PROGRAMS));

let cluster: LiveCluster;
let stage: Stage;
let alice: Person;
let bob: Person;
let a: SocketClient;
let b: SocketClient;

beforeAll(async () => {
  cluster = await liveCluster({ settings: { RING_TIMEOUT_MS: '30000' } });
  stage = new Stage(cluster);
  [alice, bob] = await Promise.all([register(cluster, 'alice'), register(cluster, 'bob')]);
  [a, b] = [await stage.native(alice, 0), await stage.native(bob, 1)];
}, 90_000);

afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
}, 60_000);

const services = () => {
  const { auth, chat, signaling } = cluster.processes;
  return [...auth, ...chat, ...signaling];
};

const statuses = (path: string) =>
  Promise.all(services().map(async ({ url }) => (await fetch(`${url}${path}`)).status));

/** Everybody is ready, messages pass, and a call comes about: on the same sockets as before, unless the client library had to come back. */
async function expectService(): Promise<void> {
  await until(
    'all are ready',
    async () => (await statuses('/readyz')).every((status) => status === 200),
    RECOVERED_MS,
  );
  const content = `message ${randomUUID()}`;
  await until(
    'a message is acknowledged',
    async () =>
      (await a.ask('chat.send', { to: { userId: bob.id }, content }).catch(() => undefined))?.ok === true,
    RECOVERED_MS,
  );
  await b.log.next(
    'message.created',
    ({ message }) => (message as { content: string }).content === content,
    RECOVERED_MS,
  );
  const placed = await until(
    'a call is placed',
    async () => {
      const reply = await a
        .ask('call.place', { to: { userId: bob.id }, kind: 'voice', offer })
        .catch(() => undefined);
      return reply?.ok === true ? (reply.call as { id: string }) : undefined;
    },
    RECOVERED_MS,
  );
  await b.log.next('call.incoming', ({ call }) => (call as { id: string }).id === placed.id, RECOVERED_MS);
  expect(await b.ask('call.answer', { callId: placed.id, answer })).toMatchObject({ ok: true });
  await a.log.next('call.answered', ({ call }) => (call as { id: string }).id === placed.id, RECOVERED_MS);
  expect(await a.ask('call.end', { callId: placed.id })).toMatchObject({ ok: true });
  await b.log.next('call.ended', ({ call }) => (call as { id: string }).id === placed.id, RECOVERED_MS);
}

interface Refused {
  readonly code: unknown;
  readonly retryable?: unknown;
}

interface Dependency {
  readonly name: string;
  readonly server: () => Child | undefined;
  /** What cannot be done without it. */
  readonly refused: () => Promise<Refused>;
}

const errorOf = (reply: Record<string, unknown>) => (reply.error ?? { code: 'none' }) as Refused;

const DEPENDENCIES: readonly Dependency[] = [
  {
    name: 'NATS',
    server: () => cluster.processes.nats[0],
    refused: async () => errorOf(await a.ask('chat.send', { to: { userId: bob.id }, content: 'x' })),
  },
  {
    name: 'Redis',
    server: () => cluster.processes.redis[0],
    refused: async () => errorOf(await a.ask('call.place', { to: { userId: bob.id }, kind: 'voice', offer })),
  },
  {
    name: 'the database',
    server: () => cluster.processes.database,
    refused: async () => errorOf(await a.ask('chat.send', { to: { userId: bob.id }, content: 'x' })),
  },
];

present.each(DEPENDENCIES)('$name', ({ server, refused }) => {
  it.each([
    ['killed', 'SIGKILL'],
    ['hanging', 'SIGSTOP'],
  ] as const)(
    '%s: readiness fails, what needs it is refused for now, and all goes on when it is back',
    async (_how, signal) => {
      const child = server();
      if (!child) throw new Error('no such server');
      await expectService();
      const pids = services().map(({ pid }) => pid);
      await child.signal(signal);
      try {
        await until(
          'all are unready',
          async () => (await statuses('/readyz')).every((status) => status === 503),
          NOTICED_MS,
        );
        // Alive all the same: nobody is to restart them for it.
        expect(await statuses('/livez')).toEqual(services().map(() => 200));
        expect(await refused()).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
        const path = `${cluster.processes.chat[0]?.url}/api/v1/conversations`;
        expect([200, 503]).toContain((await http('GET', path, { token: alice.token })).status);
      } finally {
        if (signal === 'SIGKILL') await child.restart();
        else await child.signal('SIGCONT');
      }
      await expectService();
      expect(services().map(({ pid }) => pid)).toEqual(pids);
    },
    240_000,
  );
});
