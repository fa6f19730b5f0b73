import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventLog, until } from '../harness/event-log.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import { type LiveCluster, liveCluster } from './live-cluster.ts';

const TIMES = 200;

let cluster: LiveCluster;
let stage: Stage;
let writer: Person;
let reader: Person;

/** Connects to the second node, and as soon as the server says so, or acknowledges, has the first node's socket send it something. */
async function heard(
  times: number,
  connect: (said: () => void) => ReturnType<typeof io>,
  event: string,
  send: (content: string) => Promise<unknown>,
): Promise<number> {
  let received = 0;
  for (let n = 0; n < times; n += 1) {
    const log = new EventLog('reader');
    const socket = await new Promise<ReturnType<typeof io>>((resolve) => {
      const opened = connect(() => resolve(opened));
      opened.onAny((name: string, ...args: unknown[]) => log.push(name, args));
    });
    const content = `content ${n}`;
    try {
      await send(content);
      await log.next(event, (payload) => JSON.stringify(payload).includes(content), 10_000);
      received += 1;
    } finally {
      socket.close();
    }
  }
  return received;
}

describe.skipIf(Boolean(process.env.SWITCHBOARD_MISSING_PROGRAMS)).each([
  { name: 'one Redis', servers: {} },
  { name: 'a Redis Cluster of three', servers: { redis: 'cluster' } },
] as const)('over $name,', { retry: 0 }, ({ servers }) => {
  beforeAll(async () => {
    cluster = await liveCluster(servers);
    stage = new Stage(cluster);
    [writer, reader] = await Promise.all([register(cluster, 'writer'), register(cluster, 'reader')]);
  }, 90_000);

  afterAll(async () => {
    await stage?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  }, 60_000);

  describe('whoever is told that it is connected', () => {
    it(`hears what another node says from then on, ${TIMES} of ${TIMES} times`, async () => {
      const from = await stage.native(writer, 0);
      const received = await heard(
        TIMES,
        (said) => {
          const socket = io(cluster.url(1), {
            forceNew: true,
            transports: ['websocket'],
            auth: { token: reader.token, dialect: 'native' },
          });
          socket.once('session.connected', said);
          return socket;
        },
        'message.created',
        (content) => from.ask('chat.send', { to: { userId: reader.id }, content }),
      );
      expect(received).toBe(TIMES);
    }, 120_000);

    it('and the same after the ack of a join', async () => {
      const from = await stage.native(writer, 0);
      const received = await heard(
        50,
        (said) => {
          const socket = io(cluster.url(1), { forceNew: true, transports: ['websocket'] });
          socket.emit('join', { userId: reader.id, token: reader.token }, said);
          return socket;
        },
        'message',
        (content) => from.ask('chat.send', { to: { userId: reader.id }, content }),
      );
      expect(received).toBe(50);
    }, 60_000);
  });

  describe('a socket that shows its vocabulary', () => {
    it('misses nothing while it moves from one room to another', async () => {
      const from = await stage.native(writer, 0);
      let sent = 0;
      let sending = true;
      const stream = (async () => {
        while (sending) {
          sent += 1;
          await from.ask('chat.send', { to: { userId: reader.id }, content: `streamed ${sent}.` });
        }
      })();
      try {
        for (let round = 0; round < 20; round += 1) {
          const socket = await stage.silent(reader, 1);
          // Undeclared it hears every vocabulary, from its first word on that one alone.
          const first = await until('it hears the stream', () => streamed(socket.log)[0], 10_000);
          await socket.ask('typing:stop', { to: writer.id });
          const declaredAt = sent;
          await until(
            'it still hears it',
            () => streamed(socket.log).some((n) => n > declaredAt + 5),
            10_000,
          );
          const heard = new Set(streamed(socket.log));
          const missed = Array.from({ length: declaredAt + 5 - first }, (_, n) => first + n).filter(
            (n) => !heard.has(n),
          );
          expect(missed).toEqual([]);
          socket.close();
        }
      } finally {
        sending = false;
        await stream;
      }
    }, 90_000);
  });
});

/** What was heard of the stream in the words that the socket comes to speak. */
function streamed(log: EventLog): number[] {
  return log.all
    .filter(({ event }) => event === 'message')
    .flatMap(({ args }) => /streamed (\d+)\./.exec(JSON.stringify(args))?.[1] ?? [])
    .map(Number);
}
