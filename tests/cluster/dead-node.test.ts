import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import { type LiveCluster, liveCluster } from './live-cluster.ts';

/** Far longer than a test waits for anything: what becomes known in time is not known from a lease. */
const LEASE_MS = 120_000;
const GRACE_MS = 12_000;
const WAIT_MS = 30_000;

const offer = { type: 'offer', sdp: 'v=0 offer' };
const answer = { type: 'answer', sdp: 'v=0 answer' };

const present = describe.skipIf(Boolean(process.env.SWITCHBOARD_MISSING_PROGRAMS));

let cluster: LiveCluster;
let stage: Stage;

beforeAll(async () => {
  cluster = await liveCluster({
    signaling: 3,
    settings: {
      PRESENCE_LEASE_MS: String(LEASE_MS),
      RING_TIMEOUT_MS: '60000',
      RECONNECT_GRACE_MS: String(GRACE_MS),
    },
  });
  stage = new Stage(cluster);
}, 120_000);

afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
}, 60_000);

interface Talk {
  readonly alice: Person;
  readonly bob: Person;
  /** On the first node and on the second. */
  readonly a: SocketClient;
  readonly b: SocketClient;
  readonly callId: string;
}

async function talk(): Promise<Talk> {
  const [alice, bob] = await Promise.all([register(cluster, 'alice'), register(cluster, 'bob')]);
  const [a, b] = [await stage.native(alice, 0), await stage.native(bob, 1)];
  const placed = await a.ask('call.place', { to: { userId: bob.id }, kind: 'video', offer });
  expect(placed.ok).toBe(true);
  await b.log.next('call.incoming', undefined, WAIT_MS);
  expect((await b.ask('call.answer', { answer })).ok).toBe(true);
  await a.log.next('call.answered', undefined, WAIT_MS);
  return { alice, bob, a, b, callId: (placed.call as { id: string }).id };
}

const nodeAt = (at: number) => {
  const node = cluster.processes.signaling[at];
  if (!node) throw new Error(`no node ${at}`);
  return node;
};

/** Without a word to anybody; its clients are told by their closed sockets, and stay away. */
async function kill(at: number, ...clients: readonly SocketClient[]): Promise<AsyncDisposable> {
  for (const { socket } of clients) socket.io.reconnection(false);
  await nodeAt(at).signal('SIGKILL');
  await until('its clients know', () => clients.every(({ socket }) => socket.disconnected), WAIT_MS);
  return {
    async [Symbol.asyncDispose]() {
      await nodeAt(at).restart();
      await until('its gateway knows', () => reachable(at), WAIT_MS);
    },
  };
}

const reachable = async (at: number): Promise<boolean> =>
  (await fetch(`${cluster.url(at)}/api/v1/ice-servers`)).status === 401;

const recorded = async ({ token }: Person, callId: string) => {
  const { body } = await http('GET', `${cluster.url(2)}/api/v1/calls`, { token });
  return (body.calls as { id: string; endReason?: string }[]).find(({ id }) => id === callId)?.endReason;
};

async function passSignal(from: SocketClient, to: SocketClient): Promise<void> {
  const payload = { candidate: `candidate:${randomUUID()}`, sdpMid: '0' };
  expect(await from.ask('call.signal', { signal: { kind: 'candidate', payload } })).toMatchObject({
    ok: true,
    relayed: true,
  });
  const isIt = ({ signal }: Record<string, unknown>) => JSON.stringify(signal).includes(payload.candidate);
  await to.log.next('call.signal', isIt, WAIT_MS);
}

present('a node is killed, and a party of a call is back by another at once', () => {
  it.each([
    ['the caller', 0],
    ['the callee', 1],
  ] as const)(
    '%s hangs up: the other hears so, and so does history',
    async (_who, at) => {
      const { alice, bob, a, b, callId } = await talk();
      const [me, mine, other] = at === 0 ? [alice, a, b] : [bob, b, a];
      await using _dead = await kill(at, mine);
      const back = await stage.native(me, 2);
      expect(await back.ask('call.end', { callId })).toMatchObject({
        ok: true,
        call: { phase: 'ended', endReason: 'hangup' },
      });
      expect(await other.log.next('call.ended', undefined, WAIT_MS)).toMatchObject({ reason: 'hangup' });
      await until('history knows', async () => (await recorded(alice, callId)) === 'hangup', WAIT_MS);
    },
    120_000,
  );

  it('a client of an old vocabulary does, which says nothing before', async () => {
    const { alice, b, a, bob, callId } = await talk();
    await using _dead = await kill(1, b);
    const back = await stage.peer(bob, 2);
    back.send('endCall', { targetUserId: alice.id });
    expect(await a.log.next('call.ended', undefined, WAIT_MS)).toMatchObject({ reason: 'hangup' });
    await until('history knows', async () => (await recorded(bob, callId)) === 'hangup', WAIT_MS);
  }, 120_000);

  it('it begins anew to negotiate, and the call goes on', async () => {
    const { a, b, bob } = await talk();
    await using _dead = await kill(1, b);
    const back = await stage.native(bob, 2);
    const restart = { type: 'offer', sdp: 'v=0 ice restart' };
    expect(await back.ask('call.signal', { signal: { kind: 'offer', payload: restart } })).toMatchObject({
      ok: true,
      relayed: true,
    });
    await a.log.next('call.signal', ({ signal }) => JSON.stringify(signal).includes('restart'), WAIT_MS);
    await passSignal(a, back);
    await passSignal(back, a);
    expect(a.log.count('call.ended')).toBe(0);
    expect((await a.ask('call.end', {})).ok).toBe(true);
    await back.log.next('call.ended', undefined, WAIT_MS);
  }, 120_000);
});

present('every node lives', () => {
  it('another window of a party neither ends the call nor takes its place', async () => {
    const { alice, bob, a, b, callId } = await talk();
    const [hers, his] = [await stage.native(alice, 2), await stage.native(bob, 2)];
    expect(await hers.ask('call.end', { callId })).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
    expect(await his.ask('call.end', { callId })).toMatchObject({ ok: true, call: { phase: 'active' } });
    // Longer than a node may be silent.
    const since = Date.now();
    await until('the nodes had time', () => Date.now() > since + 5_000, WAIT_MS);
    await passSignal(a, b);
    await passSignal(b, a);
    expect([a, b].map(({ log }) => log.count('call.peer') + log.count('call.ended'))).toEqual([0, 0]);
    expect((await a.ask('call.end', {})).ok).toBe(true);
    await b.log.next('call.ended', undefined, WAIT_MS);
  }, 120_000);
});

present('Redis is emptied as a node dies', () => {
  const flush = () =>
    promisify(execFile)('redis-cli', ['-p', new URL(cluster.processes.redisUrl).port, 'flushall']);

  it('who was on it returns, and the call goes on', async () => {
    const { a, b, bob, callId } = await talk();
    await using _dead = await kill(1, b);
    await flush();
    const back = await stage.native(bob, 2);
    const seated = async () => {
      const { call } = await back.ask('call.resume', { callId });
      const { answerDevice } = (call ?? {}) as { answerDevice?: { deviceId: string } };
      return answerDevice !== undefined && answerDevice.deviceId !== before;
    };
    const before = deviceOf(b);
    await until('he has his place', seated, WAIT_MS);
    await passSignal(a, back);
    await passSignal(back, a);
    expect((await back.ask('call.end', {})).ok).toBe(true);
    expect(await a.log.next('call.ended', undefined, WAIT_MS)).toMatchObject({ reason: 'hangup' });
  }, 120_000);

  it('who was on it stays away: the other is told so, and both are free', async () => {
    const { alice, bob, a, b, callId } = await talk();
    await using _dead = await kill(1, b);
    await flush();
    await a.log.next('call.peer', ({ state }) => state === 'away', WAIT_MS);
    expect(await a.log.next('call.ended', undefined, WAIT_MS)).toMatchObject({ reason: 'network_error' });
    await until('history knows', async () => (await recorded(alice, callId)) === 'network_error', WAIT_MS);
    const back = await stage.native(bob, 2);
    const again = await a.ask('call.place', { to: { userId: bob.id }, kind: 'voice', offer });
    expect(again).toMatchObject({ ok: true });
    await back.log.next('call.incoming', undefined, WAIT_MS);
    expect((await back.ask('call.end', {})).ok).toBe(true);
  }, 120_000);
});

/** As the server greeted it. */
function deviceOf(client: SocketClient): unknown {
  const greeting = client.log.all.find(({ event }) => event === 'session.connected');
  return (greeting?.args[0] as { deviceId?: string } | undefined)?.deviceId;
}
