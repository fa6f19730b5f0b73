import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CuttableLine, createCuttableLine } from '../faults/inflict/cuttable-line.ts';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import { type LiveCluster, type LiveClusterOptions, liveCluster } from './live-cluster.ts';

const LEASE_MS = 9_000;
const RING_MS = 7_000;
/** What the issue grants; with these leases it takes a third of it. */
const HEALED_MS = 30_000;

const offer = { type: 'offer', sdp: 'v=0 offer' };
const answer = { type: 'answer', sdp: 'v=0 answer' };

let cluster: LiveCluster;
let stage: Stage;
let line: CuttableLine;

function on(name: string, servers: Pick<LiveClusterOptions, 'nats' | 'redis'>, tests: () => void): void {
  describe.skipIf(Boolean(process.env.SWITCHBOARD_MISSING_PROGRAMS))(name, () => {
    beforeAll(async () => {
      line = createCuttableLine();
      cluster = await liveCluster({
        ...servers,
        natsHosts: (name, hosts) => (name === 'call-signaling-2' ? line.before(hosts) : hosts),
        settings: {
          PRESENCE_LEASE_MS: String(LEASE_MS),
          RING_TIMEOUT_MS: String(RING_MS),
          RECONNECT_GRACE_MS: '20000',
        },
      });
      stage = new Stage(cluster);
    }, 120_000);

    afterAll(async () => {
      await stage?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
      await line?.[Symbol.asyncDispose]();
    }, 60_000);

    tests();
  });
}

async function redisAt(port: string, ...args: string[]): Promise<string> {
  // -c: follows a Redis Cluster to the master that has the key.
  return (await promisify(execFile)('redis-cli', ['-c', '-p', port, ...args])).stdout.trim();
}

const redisPorts = () => cluster.processes.redisUrl.split(',').map((url) => new URL(url).port);

const redis = (...args: string[]) => redisAt(first(redisPorts()), ...args);

const emptyRedis = () => Promise.all(redisPorts().map((port) => redisAt(port, 'flushall')));

const first = <T>(all: readonly T[]): T => {
  const [one] = all;
  if (one === undefined) throw new Error('none');
  return one;
};

interface Scene {
  readonly alice: Person;
  readonly bob: Person;
  /** On the first node and on the second, in a call and in a room with each other. */
  readonly a: SocketClient;
  readonly b: SocketClient;
  readonly callId: string;
  readonly roomId: string;
  /** Somebody of the first node who only listens. */
  readonly watcher: SocketClient;
}

async function scene(): Promise<Scene> {
  const [alice, bob, other] = (await Promise.all(
    ['alice', 'bob', 'watcher'].map((name) => register(cluster, name)),
  )) as [Person, Person, Person];
  const watcher = await stage.native(other, 0);
  const [a, b] = [await stage.native(alice, 0), await stage.native(bob, 1)];
  const made = await http('POST', `${cluster.url(0)}/api/v1/rooms`, {
    token: alice.token,
    body: { name: `room ${randomUUID()}`, kind: 'chat' },
  });
  const roomId = String(made.body.room.id);
  for (const socket of [a, b]) expect((await socket.ask('room.join', { roomId })).ok).toBe(true);
  const placed = await a.ask('call.place', { to: { userId: bob.id }, kind: 'video', offer });
  const callId = (placed.call as { id: string }).id;
  await b.log.next('call.incoming', undefined, 15_000);
  expect((await b.ask('call.answer', { answer })).ok).toBe(true);
  await a.log.next('call.answered', undefined, 15_000);
  await until(
    'the watcher has seen both come',
    () => saw(watcher, 'joined', alice) === 1 && saw(watcher, 'joined', bob) === 1,
    15_000,
  );
  return { alice, bob, a, b, callId, roomId, watcher };
}

function saw(watcher: SocketClient, change: 'joined' | 'left', { id }: Person): number {
  const about = (payload: Record<string, unknown>) =>
    (payload[change] as { id: string }[]).some((user) => user.id === id);
  return watcher.log.count('presence', about);
}

/** A message of one reaches the other's socket on the other node. */
async function passMessage(from: SocketClient, to: SocketClient, toId: string): Promise<void> {
  const content = `message ${randomUUID()}`;
  await until(
    'a message is acknowledged',
    async () =>
      (await from.ask('chat.send', { to: { userId: toId }, content }).catch(() => ({ ok: false }))).ok ===
      true,
    HEALED_MS,
  );
  await to.log.next(
    'message.created',
    ({ message }) => (message as { content: string }).content === content,
    HEALED_MS,
  );
}

async function passSignal(from: SocketClient, to: SocketClient): Promise<void> {
  const candidate = { candidate: `candidate:${randomUUID()}`, sdpMid: '0' };
  const sent = await from.ask('call.signal', { signal: { kind: 'candidate', payload: candidate } });
  expect(sent).toMatchObject({ ok: true, relayed: true });
  await to.log.next(
    'call.signal',
    ({ signal }) => JSON.stringify(signal).includes(candidate.candidate),
    15_000,
  );
}

/** What the store knew before it was emptied, and has to know again. */
async function expectHealed({ alice, bob, a, b, callId, roomId, watcher }: Scene): Promise<void> {
  await until(
    'both are present, in the room, in the call and claimed',
    async () => {
      const online = ((await watcher.ask('presence.list')).online ?? []) as { id: string }[];
      const room = await http('GET', `${cluster.url(0)}/api/v1/rooms/${roomId}/participants`, {
        token: alice.token,
      });
      const inRoom = (room.body.participants ?? []) as { id: string }[];
      const claims = await Promise.all([alice, bob].map(({ id }) => redis('hget', `sb:claim:${id}`, 'call')));
      const everybody = (list: { id: string }[]) =>
        [alice, bob].every(({ id }) => list.some((user) => user.id === id));
      return everybody(online) && everybody(inRoom) && claims.every((claim) => claim === callId);
    },
    HEALED_MS,
  );
  const carol = await stage.native(await register(cluster, 'carol'), 0);
  const busy = await carol.ask('call.place', { to: { userId: bob.id }, kind: 'voice', offer });
  expect(busy).toMatchObject({ ok: false, error: { code: 'USER_UNAVAILABLE', message: 'User is busy' } });
  await passSignal(a, b);
  await passSignal(b, a);
  await passMessage(a, b, bob.id);
  await passMessage(b, a, alice.id);
  // Nobody was told of a going or a coming that was none.
  for (const person of [alice, bob]) {
    expect([saw(watcher, 'left', person), saw(watcher, 'joined', person)]).toEqual([0, 1]);
  }
  for (const socket of [a, b]) {
    expect([
      socket.log.count('call.ended'),
      socket.log.count('call.peer'),
      socket.log.count('room.left'),
    ]).toEqual([0, 0, 0]);
  }
  expect((await a.ask('call.end', {})).ok).toBe(true);
  await b.log.next('call.ended', undefined, 15_000);
}

/** The gateway notices a little later than the node itself. */
const reachable = async (node: number): Promise<boolean> =>
  (await fetch(`${cluster.url(node)}/api/v1/ice-servers`)).status === 401;

const ready = async (node: number): Promise<number> =>
  (await fetch(`${cluster.processes.signaling[node]?.url}/readyz`)).status;

function refillsRedis(): void {
  it('emptied, it is filled again by the nodes, and nobody notices', async () => {
    const before = await scene();
    await emptyRedis();
    await expectHealed(before);
  }, 90_000);
}

on('one Redis and one NATS:', {}, () => {
  describe('Redis', () => {
    refillsRedis();

    it('killed and back without its data, the same, and what is subscribed to is so again', async () => {
      const before = await scene();
      const server = first(cluster.processes.redis);
      await server.signal('SIGKILL');
      await until('both nodes are unready', async () => (await ready(0)) + (await ready(1)) === 1006, 15_000);
      await rm(join(cluster.dataDir, 'redis-1', 'appendonlydir'), { recursive: true });
      await server.restart();
      await until('both nodes are back', async () => (await reachable(0)) && (await reachable(1)), 15_000);
      await expectHealed(before);
    }, 90_000);
  });

  describe('NATS', () => {
    it('back without its data, has its streams and consumers made again, and what was left over is published', async () => {
      const { a, b, alice, bob } = await scene();
      const [low, high] = [alice.id, bob.id].sort((x, y) => Number(x) - Number(y));
      const path = `${cluster.url(0)}/api/v1/conversations/d:${low}:${high}/messages`;
      const post = (content: string) => http('POST', path, { token: alice.token, body: { content } });
      // That her session is good is remembered for some seconds, so what is stored next needs no bus.
      expect((await post('before')).status).toBe(201);
      const server = first(cluster.processes.nats);
      await server.signal('SIGKILL');
      expect((await post('kept in the outbox')).status).toBe(201);
      expect(await a.ask('chat.send', { to: { userId: bob.id }, content: 'x' })).toMatchObject({
        ok: false,
        error: { code: 'SERVICE_UNAVAILABLE' },
      });
      await rm(join(cluster.dataDir, 'nats-1'), { recursive: true });
      await server.restart();
      const said = ({ message }: Record<string, unknown>) =>
        (message as { content: string }).content === 'kept in the outbox';
      await b.log.next('message.created', said, HEALED_MS);
      await passMessage(a, b, bob.id);
      expect((await a.ask('call.end', {})).ok).toBe(true);
      await b.log.next('call.ended', undefined, HEALED_MS);
    }, 90_000);
  });

  describe('a node cut off', () => {
    /** The phase of a call as it stands in the store. */
    const phase = async (callId: string): Promise<string> => {
      const key = await redis('--scan', '--pattern', `*call:${callId}`);
      return (JSON.parse(await redis('hget', key, 's')) as { state: { call: { phase: string } } }).state.call
        .phase;
    };

    async function ringing(from: SocketClient, to: SocketClient, toId: string): Promise<string> {
      const placed = await from.ask('call.place', { to: { userId: toId }, kind: 'voice', offer });
      expect(placed.ok).toBe(true);
      await to.log.next('call.incoming', undefined, 15_000);
      return (placed.call as { id: string }).id;
    }

    it('from the bus, is unready, and its rings are ended by the other', async () => {
      const [dora, emil] = await Promise.all([register(cluster, 'dora'), register(cluster, 'emil')]);
      // Both on the second node: nobody else would have to do with their call.
      const [d, e] = [await stage.native(dora, 1), await stage.native(emil, 1)];
      await ringing(d, e, emil.id);
      line.cut(false);
      await until(
        'it is unready, the other is not',
        async () => (await ready(1)) === 503 && (await ready(0)) === 200,
        20_000,
      );
      await d.log.next('call.rejected', ({ reason }) => reason === 'timeout', 45_000);
      await e.log.next('call.ended', undefined, 15_000);
      line.mend();
      await until('it is back', () => reachable(1), 20_000);
      await passMessage(d, e, emil.id);
    }, 120_000);

    it('from the bus, changes no call that it is asked to change; signals pass, and a socket that closes ends nothing', async () => {
      const [dora, emil] = await Promise.all([register(cluster, 'dora'), register(cluster, 'emil')]);
      const [d, e] = [await stage.native(dora, 0), await stage.native(emil, 1)];
      const { a, b, bob, callId } = await scene();
      const later = { ok: false, error: { code: 'SERVICE_UNAVAILABLE', retryable: true } };
      line.cut(false);
      try {
        await until('it is unready', async () => (await ready(1)) === 503, 20_000);
        expect(await b.ask('call.end', { callId })).toMatchObject(later);
        const rung = await ringing(d, e, emil.id);
        expect(await e.ask('call.answer', { callId: rung, answer })).toMatchObject(later);
        expect([d.log.count('call.answered'), await phase(callId)]).toEqual([0, 'active']);
        await passSignal(b, a);
        await passSignal(a, b);
        b.socket.disconnect();
        await a.log.next('call.peer', ({ state }) => state === 'away', 30_000);
        const back = await stage.native(bob, 0);
        await a.log.next('call.peer', ({ state }) => state === 'back', 30_000);
        await passSignal(back, a);
        expect(a.log.count('call.ended')).toBe(0);
        expect((await back.ask('call.end', { callId })).ok).toBe(true);
        await a.log.next('call.ended', undefined, 15_000);
        // Not answered, as far as anybody was told.
        await d.log.next('call.rejected', ({ reason }) => reason === 'timeout', 45_000);
      } finally {
        line.mend();
      }
      await until('it is back', () => reachable(1), 20_000);
      const again = await ringing(d, e, emil.id);
      expect(await e.ask('call.answer', { callId: again, answer })).toMatchObject({ ok: true });
      await d.log.next('call.answered', undefined, 15_000);
      expect(await e.ask('call.end', { callId: again })).toMatchObject({ ok: true });
      await d.log.next('call.ended', ({ call }) => (call as { id: string }).id === again, 15_000);
    }, 150_000);

    it('as all others are, leaves the calls as they are until somebody can be told', async () => {
      const [dora, emil] = await Promise.all([register(cluster, 'dora'), register(cluster, 'emil')]);
      const [d, e] = [await stage.native(dora, 0), await stage.native(emil, 1)];
      const callId = await ringing(d, e, emil.id);
      const rang = Date.now();
      const server = first(cluster.processes.nats);
      await server.signal('SIGKILL');
      await until('the ring is over', () => Date.now() > rang + RING_MS + 1_500, RING_MS * 2);
      expect(await phase(callId)).toBe('ringing');
      await server.restart();
      await d.log.next('call.rejected', ({ reason }) => reason === 'timeout', 45_000);
      await e.log.next('call.ended', undefined, 15_000);
      await until('both nodes are back', async () => (await reachable(0)) && (await reachable(1)), 15_000);
    }, 120_000);

    it('from everything, being stopped, finds its sockets and calls again', async () => {
      const { a, b, bob, watcher } = await scene();
      const node = cluster.processes.signaling[1];
      await node?.signal('SIGSTOP');
      await until('he is told gone', () => saw(watcher, 'left', bob) === 1, 60_000);
      await a.log.next('call.peer', ({ state }) => state === 'away', 30_000);
      await node?.signal('SIGCONT');
      await until('he is told back', () => saw(watcher, 'joined', bob) === 2, 30_000);
      await a.log.next('call.peer', ({ state }) => state === 'back', 30_000);
      await until('it is back', () => reachable(1), 20_000);
      await passSignal(a, b);
      await passSignal(b, a);
      await passMessage(a, b, bob.id);
      expect([a.log.count('call.ended'), b.log.count('call.ended')]).toEqual([0, 0]);
    }, 150_000);
  });
});

on('a Redis Cluster and three NATS:', { redis: 'cluster', nats: 3 }, () => {
  describe('Redis', refillsRedis);
});
