import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import {
  type Bounds,
  CHANNELS,
  type Counted,
  expectNoBroadcast,
  expectWithin,
  isPresence,
  isRoutine,
  published,
} from './cost-bounds.ts';
import { monitorRedis, type RedisCommand, type RedisMonitor } from './redis-monitor.ts';
import { type Spread, startSpread } from './spread.ts';

// What an event between two people costs, counted by the servers themselves: it must not depend on how many nodes there are.

const MESSAGES = 40;
/** An event is handled at least once; on a busy machine some may be handled again, not every other. */
const REPEATED = MESSAGES / 4;
const TYPED = 4;
const SIGNALS = 500;
/** Fewer than a socket may have waiting. */
const AT_ONCE = 100;
const PATIENT_MS = 60_000;

/** Long enough that nothing is renewed while it is counted, and limits that are asked but never reached. */
const SETTINGS = {
  PRESENCE_LEASE_MS: '3600000',
  RING_TIMEOUT_MS: '60000',
  RATE_LIMIT_MESSAGES: '100000/1m',
  RATE_LIMIT_CALLS: '100000/1m',
  SOCKET_EVENT_RATE: 'off',
};

const ROOM = /^sb:io#\/#room:\d+\|(native|rooms|channels)#$/;
/** A room is told in each vocabulary that may be in it. */
const TONGUES = 3;
/** A ring, and to each what was answered; sent again by a busy machine perhaps, and what went before may still be on its way. */
const CALLED: Bounds = {
  meant: /^sb:io#\/#(user:\d+\|native|device:[0-9a-f-]{36})#$/,
  publishes: [3, 8],
  commands: 60,
  natsTook: 60,
  natsStored: 4,
};
const HUNG_UP: Bounds = {
  meant: /^sb:io#\/#(call:[0-9a-f-]{36}\||device:)[0-9a-f-]{36}#$/,
  publishes: [2, 6],
  commands: 40,
  natsTook: 40,
  natsStored: 3,
};
const ROOM_JOINED_TWICE: Bounds = {
  meant: new RegExp(`${ROOM.source}|${HUNG_UP.meant.source}`),
  publishes: [2, 4 * TONGUES],
  commands: 40,
  natsTook: 40,
  natsStored: 2,
};
const ROOM_LEFT_TWICE: Bounds = { ...ROOM_JOINED_TWICE, meant: ROOM, natsStored: 0 };
const ROOM_MESSAGES: Bounds = {
  meant: ROOM,
  publishes: [MESSAGES, TONGUES * (MESSAGES + REPEATED)],
  // A limit each, and the room now and then.
  commands: MESSAGES + REPEATED,
  natsTook: 15 * MESSAGES,
  natsStored: MESSAGES,
};
const ROOM_SIGNALS: Bounds = {
  meant: ROOM,
  publishes: [MESSAGES, TONGUES * (MESSAGES + REPEATED)],
  commands: REPEATED,
  natsTook: REPEATED,
  natsStored: 0,
};
const DIRECTED_SIGNALS: Bounds = {
  ...ROOM_SIGNALS,
  meant: /^sb:io#\/#device:[0-9a-f-]{36}#$/,
  publishes: [MESSAGES, MESSAGES],
};

interface Pair {
  readonly alice: Person;
  readonly bob: Person;
  readonly a: SocketClient;
  readonly b: SocketClient;
}

interface Talked extends Counted {
  readonly heard: { readonly bob: number; readonly alice: number };
}

const times = (commands: readonly RedisCommand[], name: RegExp, key: (key: string) => boolean) =>
  commands.filter((command) => name.test(command.name) && command.args.some(key)).length;

const present = describe.skipIf(Boolean(process.env.SWITCHBOARD_MISSING_PROGRAMS));

present('an event between two people', { retry: 0 }, () => {
  let spread: Spread;
  let monitor: RedisMonitor;
  beforeAll(async () => {
    spread = await startSpread(4, SETTINGS);
    monitor = await monitorRedis(spread.cluster.redisUrl);
  }, 180_000);
  afterAll(async () => {
    await monitor?.[Symbol.asyncDispose]();
    await spread?.[Symbol.asyncDispose]();
  }, 120_000);

  /** On the first node and the second; the others have nobody. */
  const enter = async (stage: Stage): Promise<Pair> => {
    const alice = await register(spread.topology, 'alice');
    const bob = await register(spread.topology, 'bob');
    return { alice, bob, a: await stage.native(alice, 0), b: await stage.native(bob, 1) };
  };

  const count = async (work: () => Promise<void>): Promise<Counted> => {
    const [took, stored, began] = [await spread.natsTook(), await spread.natsStored(), Date.now()];
    const commands = await monitor.during(work);
    const seconds = (Date.now() - began) / 1000;
    const nodes = spread.cluster.signaling.filter(({ running }) => running).length;
    return {
      commands,
      natsTook: (await spread.natsTook()) - took,
      natsStored: (await spread.natsStored()) - stored,
      natsIdle: nodes * (24 * Math.ceil(seconds / 30) + 5 * seconds),
    };
  };

  const send = async ({ a, bob }: Pair, content: string): Promise<void> => {
    const reply = await a.ask('chat.send', { to: { userId: bob.id }, content });
    if (!reply.ok) throw new Error(`refused: ${JSON.stringify(reply)}`);
  };

  /** Messages, each of which reaches the receiver and is then reported to its sender as delivered. */
  const talk = async (pair: Pair): Promise<Talked> => {
    const { a, b } = pair;
    const heard = () => ({ bob: b.log.count('message.created'), alice: a.log.count('message.delivered') });
    await send(pair, 'the first reads what is remembered from then on');
    await until('the first is delivered', () => heard().bob > 0 && heard().alice > 0, PATIENT_MS);
    const before = heard();
    const counted = await count(async () => {
      for (let n = 0; n < MESSAGES; n += 1) await send(pair, `message ${n}`);
      const all = () => Math.min(heard().bob - before.bob, heard().alice - before.alice) >= MESSAGES;
      await until('all are delivered, and said to be', all, PATIENT_MS);
    });
    const { bob, alice } = heard();
    return { ...counted, heard: { bob: bob - before.bob, alice: alice - before.alice } };
  };

  const type = async ({ a, b, bob }: Pair): Promise<Counted> => {
    const to = { userId: bob.id };
    await a.ask('chat.typing', { to, active: true });
    await b.log.next('typing');
    const before = b.log.count('typing');
    return count(async () => {
      let active = true;
      const typed = async () => {
        active = !active;
        // Said too soon again it goes nowhere, and must cost nothing.
        await a.ask('chat.typing', { to, active });
        return b.log.count('typing') >= before + TYPED;
      };
      await until('it is seen that she writes', typed, PATIENT_MS);
    });
  };

  /** A call answered, its descriptions and candidates exchanged. */
  const call = async ({ a, b, bob }: Pair): Promise<void> => {
    const placed = await a.ask('call.place', { to: { userId: bob.id }, kind: 'voice' });
    if (!placed.ok) throw new Error(`refused: ${JSON.stringify(placed)}`);
    await b.log.next('call.incoming', () => true, PATIENT_MS);
    await b.ask('call.answer', {});
    await a.log.next('call.answered', () => true, PATIENT_MS);
  };

  const signal = async ({ a, b }: Pair): Promise<void> => {
    const before = b.log.count('call.signal');
    for (let sent = 0; sent < SIGNALS; ) {
      for (let n = 0; n < AT_ONCE; n += 1) {
        sent += 1;
        a.send('call.signal', {
          signal: { kind: 'offer', payload: { type: 'offer', sdp: `v=0 ${sent}` } },
        });
      }
      const all = () => b.log.count('call.signal') >= before + sent;
      await until('every signal arrives', all, PATIENT_MS);
    }
  };

  const hangUp = async ({ a, b }: Pair): Promise<void> => {
    await a.ask('call.end', {});
    await Promise.all([a, b].map(({ log }) => log.next('call.ended', () => true, PATIENT_MS)));
  };

  const userChannel = ({ id }: Person) => `${CHANNELS}user:${id}|native#`;
  const onlyUsers = /^sb:io#\/#user:\d+\|native#$/;

  const expectCheapTalk = (pair: Pair, talked: Talked): void => {
    const { alice, bob } = pair;
    expectNoBroadcast(talked, onlyUsers);
    const publishes = published(talked.commands);
    const to = (person: Person) => publishes.filter(({ channel }) => channel === userChannel(person)).length;
    // A publish for each frame: the message to him, and to her that it came.
    const { heard } = talked;
    expect({ bob: to(bob), alice: to(alice) }).toEqual(heard);
    // Who is where is read before each of these, and once more for her other devices.
    const looks = (person: Person) =>
      times(talked.commands, /^hvals$/, (key) => key.endsWith(`:devices:${person.id}`));
    expect(looks(bob)).toBeLessThanOrEqual(heard.bob + REPEATED);
    expect(looks(alice)).toBeLessThanOrEqual(heard.bob + heard.alice + REPEATED);
    expect(times(talked.commands, /^eval/, (key) => key.endsWith(`messages:${alice.id}`))).toBe(MESSAGES);
    // Asked and answered, and so are some receipts. It and its receipt: published, asked for and acknowledged by the two that follow, call signaling and notification.
    expect(talked.natsStored).toBeLessThanOrEqual(2 * MESSAGES);
    expect(talked.natsTook - talked.natsIdle).toBeLessThanOrEqual(3 * MESSAGES + 5 * talked.natsStored);
    expectNothingElse(pair, talked, MESSAGES);
  };

  const expectCheapTyping = async (pair: Pair, typed: Counted, frames: () => number): Promise<void> => {
    expectNoBroadcast(typed, onlyUsers);
    const channels = published(typed.commands)
      .map(({ channel }) => channel)
      .filter((channel) => !isPresence(channel));
    expect(new Set(channels)).toEqual(new Set([userChannel(pair.bob)]));
    await until('a frame came of every publish', () => frames() === channels.length, PATIENT_MS);
    // What was not sent was not looked up either.
    const looks = times(typed.commands, /^hvals$/, (key) => key.endsWith(`:devices:${pair.bob.id}`));
    expect(looks).toBe(channels.length);
    expect(typed.natsStored).toBe(0);
  };

  const expectCheapSignals = (pair: Pair, signalled: Counted): void => {
    // That the call was answered may still be on its way to the two devices.
    expectNoBroadcast(signalled, /^sb:io#\/#(call:[0-9a-f-]{36}\||device:)[0-9a-f-]{36}#$/);
    const publishes = published(signalled.commands).filter(({ channel }) => channel.includes('#call:'));
    expect(publishes).toHaveLength(SIGNALS);
    expect(new Set(publishes.map(({ channel }) => channel)).size).toBe(1);
    expect(signalled.natsStored).toBeLessThan(SIGNALS / 10);
    expect(signalled.natsTook - signalled.natsIdle).toBeLessThan(SIGNALS / 10);
    expectNothingElse(pair, signalled, SIGNALS);
  };

  /** Whatever is asked of Redis beside what is accounted for is asked now and then, not for every event. */
  const expectNothingElse = ({ alice, bob }: Pair, { commands }: Counted, events: number): void => {
    const accounted = (command: RedisCommand): boolean => {
      const { name, args } = command;
      const about = (ending: string) => args.some((arg) => arg.endsWith(ending));
      return (
        isRoutine(command) ||
        name.endsWith('publish') ||
        (name === 'hvals' && (about(`:devices:${alice.id}`) || about(`:devices:${bob.id}`))) ||
        (name.startsWith('eval') && about(`messages:${alice.id}`))
      );
    };
    const rest = new Map<string, number>();
    for (const command of commands) {
      if (!accounted(command)) rest.set(command.name, (rest.get(command.name) ?? 0) + 1);
    }
    expect([...rest].filter(([, asked]) => asked >= events / 2)).toEqual([]);
  };

  const accepted = async (client: SocketClient, event: string, payload: unknown): Promise<void> => {
    const reply = await client.ask(event, payload);
    if (!reply.ok) throw new Error(`${event} was refused: ${JSON.stringify(reply)}`);
  };

  /** Each on its node joins a room; what one says there reaches the other. */
  const expectCheapRoom = async ({ alice, bob, a, b }: Pair): Promise<void> => {
    const made = await http('POST', `${spread.topology.url(0)}/api/v1/rooms`, {
      token: alice.token,
      body: { name: `room ${randomUUID()}`, kind: 'chat' },
    });
    const roomId: number = made.body.room.id;
    const heard = (client: SocketClient, event: string) => {
      const before = client.log.count(event);
      return (times: number) =>
        until(`${event}, ${times} times`, () => client.log.count(event) - before >= times, PATIENT_MS);
    };
    const joined = await count(async () => {
      const list = heard(a, 'room.participants');
      await accepted(a, 'room.join', { roomId });
      await accepted(b, 'room.join', { roomId });
      await list(2);
    });
    expectWithin(joined, ROOM_JOINED_TWICE);
    const channel = `${CHANNELS}room:${roomId}|native#`;
    expect(await spread.redis('pubsub', 'shardnumsub', channel)).toEqual([channel, '2']);

    const messages = await count(async () => {
      const arrived = heard(b, 'message.created');
      for (let n = 0; n < MESSAGES; n += 1) {
        await accepted(a, 'chat.send', { to: { roomId }, content: `message ${n}` });
      }
      await arrived(MESSAGES);
    });
    expectWithin(messages, ROOM_MESSAGES);

    const candidate = { kind: 'candidate', payload: { candidate: 'candidate:1', sdpMid: '0' } };
    const signalling = (to: object) =>
      count(async () => {
        const arrived = heard(b, 'room.signal');
        for (let n = 0; n < MESSAGES; n += 1) {
          await accepted(a, 'room.signal', { roomId, ...to, signal: candidate });
        }
        await arrived(MESSAGES);
      });
    expectWithin(await signalling({}), ROOM_SIGNALS);
    expectWithin(await signalling({ to: { userId: bob.id } }), DIRECTED_SIGNALS);

    const left = await count(async () => {
      const gone = heard(a, 'room.left');
      await accepted(b, 'room.leave', { roomId });
      await gone(1);
      await accepted(a, 'room.leave', { roomId });
    });
    expectWithin(left, ROOM_LEFT_TWICE);
  };

  const expectCheap = async (pair: Pair): Promise<void> => {
    expectCheapTalk(pair, await talk(pair));
    const before = pair.b.log.count('typing');
    const typed = await type(pair);
    // But for the first, which was not counted.
    await expectCheapTyping(pair, typed, () => pair.b.log.count('typing') - before - 1);
    expectWithin(await count(() => call(pair)), CALLED);
    expectCheapSignals(pair, await count(() => signal(pair)));
    expectWithin(await count(() => hangUp(pair)), HUNG_UP);
    await expectCheapRoom(pair);
  };

  it('is one publish a frame, heard by one node, and leaves no subscription behind', async () => {
    const channels = async () => (await spread.redis('pubsub', 'shardchannels')).toSorted();
    const before = await channels();
    {
      await using stage = new Stage(spread.topology);
      const pair = await enter(stage);
      await expectCheap(pair);
      const [alice, bob] = [userChannel(pair.alice), userChannel(pair.bob)];
      const nodes = await spread.redis('pubsub', 'shardnumsub', alice, bob);
      expect(nodes).toEqual([alice, '1', bob, '1']);
    }
    const left = async () => JSON.stringify(await channels()) === JSON.stringify(before);
    await until('the channels are those of before', left, PATIENT_MS);
  }, 300_000);

  it('sends a signal though the database does not answer', async () => {
    await using stage = new Stage(spread.topology);
    const pair = await enter(stage);
    await call(pair);
    const { database } = spread.cluster;
    if (!database) throw new Error('the cluster has a database of its own');
    await database.signal('SIGSTOP');
    try {
      await signal(pair);
    } finally {
      await database.signal('SIGCONT');
    }
    await hangUp(pair);
  }, 120_000);

  it('costs the same with two nodes less', async () => {
    for (const node of spread.cluster.signaling.slice(2)) await node.stop();
    await using stage = new Stage(spread.topology);
    await expectCheap(await enter(stage));
  }, 300_000);
});
