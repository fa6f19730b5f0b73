import { CallFailed, type CallHandle, type Client, type Signal } from '@switchboard/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { allInOne, type Topology } from '../harness/topology.ts';
import { Clients } from './clients.ts';
import { FlakyLine } from './flaky-line.ts';

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne({ RECONNECT_GRACE_MS: '20000', RING_TIMEOUT_MS: '15000' });
});
afterAll(async () => {
  await topology?.[Symbol.asyncDispose]();
});

const offer = { type: 'offer', sdp: 'v=0 offer' };
const answer = { type: 'answer', sdp: 'v=0 answer' };
const candidate = (n: number): Signal => ({
  kind: 'candidate',
  payload: { candidate: `candidate:${n}`, sdpMid: '0' },
});

const incoming = (client: Client): Promise<CallHandle> =>
  new Promise((resolve) => client.on('call', resolve));
const ended = (call: CallHandle) => new Promise((resolve) => call.on('ended', resolve));
const heard = (call: CallHandle): Signal[] => {
  const signals: Signal[] = [];
  call.on('signal', (signal) => signals.push(signal));
  return signals;
};

async function inCall(a: Client, b: Client, callee: string): Promise<[CallHandle, CallHandle]> {
  const ringing = incoming(b);
  const mine = await a.calls.place({ userId: callee }, { kind: 'voice', offer });
  const theirs = await ringing;
  await theirs.answer(answer);
  await until('both are in it', () => mine.state === 'active' && theirs.state === 'active');
  return [mine, theirs];
}

describe('calls with the client', () => {
  it('ring, are answered, carry signals both ways in order, and end for both', async () => {
    await using clients = new Clients(topology);
    const [alice, bob] = [await clients.newcomer('Alice'), await clients.newcomer('Bob')];
    const ringing = incoming(bob.client);
    const mine = await alice.client.calls.place({ userId: bob.person.id }, { kind: 'video', offer });
    expect(mine).toMatchObject({ direction: 'outgoing', state: 'ringing', kind: 'video', media: 'p2p' });
    expect(mine.other.id).toBe(bob.person.id);
    // Before the answer: the server keeps them for the device that answers.
    mine.signal(candidate(1));
    const theirs = await ringing;
    expect(theirs).toMatchObject({
      id: mine.id,
      direction: 'incoming',
      offer,
      other: { id: alice.person.id },
    });

    const answered = new Promise((resolve) => mine.on('answered', resolve));
    await theirs.answer(answer);
    expect(await answered).toMatchObject({ by: { id: bob.person.id }, answer });
    const [toAlice, toBob] = [heard(mine), heard(theirs)];
    for (let n = 2; n <= 20; n += 1) mine.signal(candidate(n));
    for (let n = 1; n <= 5; n += 1) theirs.signal(candidate(n));
    await until('all signals came', () => toBob.length >= 20 && toAlice.length >= 5);
    expect(toBob).toEqual(Array.from({ length: 20 }, (_, n) => candidate(n + 1)));
    expect(toAlice).toEqual(Array.from({ length: 5 }, (_, n) => candidate(n + 1)));

    const over = ended(theirs);
    mine.end();
    expect(mine).toMatchObject({ state: 'ended', ended: { reason: 'hangup' } });
    expect(await over).toMatchObject({ reason: 'hangup', by: { id: alice.person.id } });
    expect([...alice.client.calls.live, ...bob.client.calls.live]).toEqual([]);
    await until('history has it', async () => {
      const { calls } = await bob.client.calls.history({ limit: 1 });
      return calls[0]?.id === mine.id && calls[0].endReason === 'hangup';
    });
  });

  it('are resumed on a new line, by the one who lost it and for the one who waited', async () => {
    await using clients = new Clients(topology);
    await using line = await FlakyLine.to(topology.url(0));
    const alice = await clients.newcomer('Alice', { url: line.url });
    const bob = await clients.newcomer('Bob');
    const [mine, theirs] = await inCall(alice.client, bob.client, bob.person.id);
    const [toAlice, toBob] = [heard(mine), heard(theirs)];
    const told: string[] = [];
    theirs.on('away', ({ graceUntil }) => told.push(`away ${typeof graceUntil}`));
    theirs.on('back', ({ by }) => told.push(`back ${by.id}`));
    const resumed = new Promise((resolve) => mine.on('resumed', resolve));

    line.cut();
    await until('the line is gone', () => alice.client.connection.status !== 'connected');
    // Said without a line: it waits for the seat.
    mine.signal({ kind: 'offer', payload: offer });
    mine.signal(candidate(1));
    await resumed;
    await until('what waited arrived', () => toBob.length >= 2);
    expect(toBob).toEqual([{ kind: 'offer', payload: offer }, candidate(1)]);
    theirs.signal({ kind: 'answer', payload: answer });
    await until('and the other way', () => toAlice.length >= 1);
    expect(told).toEqual(['away string', `back ${alice.person.id}`]);
    expect([mine.state, theirs.state, theirs.otherAway]).toEqual(['active', 'active', false]);
    mine.end();
    await until('it is over', () => theirs.state === 'ended');
  });

  it('are resumed when both lines break at once', async () => {
    await using clients = new Clients(topology);
    await using line = await FlakyLine.to(topology.url(0));
    const alice = await clients.newcomer('Alice', { url: line.url });
    const bob = await clients.newcomer('Bob', { url: line.url });
    const [mine, theirs] = await inCall(alice.client, bob.client, bob.person.id);
    const toBob = heard(theirs);
    const both = Promise.all(
      [mine, theirs].map((call) => new Promise((resolve) => call.on('resumed', resolve))),
    );
    line.cut();
    await both;
    mine.signal(candidate(1));
    await until('signals flow', () => toBob.length >= 1);
    mine.end();
    await until('it is over', () => theirs.state === 'ended');
  });

  it('ring once though the reply to placing them is lost', async () => {
    await using clients = new Clients(topology);
    await using line = await FlakyLine.to(topology.url(0));
    const alice = await clients.newcomer('Alice', { url: line.url });
    const bob = await clients.newcomer('Bob');
    const rung: CallHandle[] = [];
    bob.client.on('call', (call) => rung.push(call));

    line.swallowReplies();
    const placing = alice.client.calls.place({ userId: bob.person.id }, { kind: 'voice', offer });
    await until('it rings', () => rung.length >= 1);
    line.passReplies();
    line.cut();
    const mine = await placing;
    expect(mine.state).toBe('ringing');
    await rung[0]?.answer(answer);
    await until('it is taken', () => mine.state === 'active');
    // The device that came back holds the seat.
    const toBob = heard(rung[0] as CallHandle);
    mine.signal(candidate(1));
    await until('signals flow', () => toBob.length >= 1);
    expect(rung.map(({ id }) => id)).toEqual([mine.id]);
    mine.end();
  });

  it('answered on one device stop ringing on the others; refused ones end for the caller', async () => {
    await using clients = new Clients(topology);
    const [alice, bob] = [await clients.newcomer('Alice'), await clients.newcomer('Bob')];
    const tablet = await clients.of(bob.person);
    const rings = Promise.all([incoming(bob.client), incoming(tablet)]);
    const mine = await alice.client.calls.place({ userId: bob.person.id }, { kind: 'voice', media: 'jitsi' });
    const [phone, other] = await rings;
    expect(phone.jitsi?.roomName).toBe(`call_${mine.id}`);
    await phone.answer();
    expect(await ended(other)).toMatchObject({ reason: 'answered_elsewhere' });
    await until('the caller hears it', () => mine.state === 'active');
    phone.end();
    expect(await ended(mine)).toMatchObject({ reason: 'hangup', by: { id: bob.person.id } });

    const again = incoming(bob.client);
    const second = await alice.client.calls.place({ userId: bob.person.id }, { kind: 'voice' });
    (await again).reject('busy');
    expect(await ended(second)).toMatchObject({ reason: 'busy', by: { id: bob.person.id } });
  });

  it('that cannot ring say why', async () => {
    await using clients = new Clients(topology);
    const [alice, bob, carol] = await Promise.all(
      ['Alice', 'Bob', 'Carol'].map((name) => clients.newcomer(name)),
    );
    if (!alice || !bob || !carol) throw new Error('three were asked for');
    const [mine] = await inCall(alice.client, bob.client, bob.person.id);
    const place = (client: Client, userId: string) => client.calls.place({ userId }, { kind: 'voice' });
    await expect(place(carol.client, bob.person.id)).rejects.toMatchObject({ reason: 'user_busy' });
    await expect(place(alice.client, carol.person.id)).rejects.toMatchObject({ code: 'CALL_IN_PROGRESS' });
    mine.end();
    bob.client.disconnect();
    const failure = await until('bob is gone', async () => {
      const error = await place(carol.client, bob.person.id).then(
        (call) => call.end(),
        (error: unknown) => error,
      );
      return error instanceof CallFailed && error.reason === 'user_unavailable' && error;
    });
    expect(failure.code).toBe('USER_UNAVAILABLE');
    expect(carol.client.calls.live).toEqual([]);
  });

  it('given up while they are placed ring no longer', async () => {
    await using clients = new Clients(topology);
    await using line = await FlakyLine.to(topology.url(0));
    const alice = await clients.newcomer('Alice', { url: line.url });
    const bob = await clients.newcomer('Bob');
    const ringing = incoming(bob.client);
    line.swallowReplies();
    const control = new AbortController();
    const placing = alice.client.calls.place(
      { userId: bob.person.id },
      { kind: 'voice', signal: control.signal },
    );
    const theirs = await ringing;
    control.abort();
    await expect(placing).rejects.toMatchObject({ code: 'ABORTED' });
    line.passReplies();
    line.cut();
    expect(await ended(theirs)).toMatchObject({ reason: 'cancelled' });
  });

  it('of two who call each other are one', async () => {
    await using clients = new Clients(topology);
    const [alice, bob] = [await clients.newcomer('Alice'), await clients.newcomer('Bob')];
    const [one, other] = await Promise.all([
      alice.client.calls.place({ userId: bob.person.id }, { kind: 'voice', media: 'jitsi' }),
      bob.client.calls.place({ userId: alice.person.id }, { kind: 'voice', media: 'jitsi' }),
    ]);
    expect(one.id).toBe(other.id);
    expect([one.direction, other.direction].sort()).toEqual(['incoming', 'outgoing']);
    await until('both are in it', () => one.state === 'active' && other.state === 'active');
    one.end();
    await until('and out of it', () => other.state === 'ended');
  });
});
