import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { register, Stage } from '../harness/people.ts';
import { type Topology, topologies } from '../harness/topology.ts';

/** What a list of `said-n` says, in the order of hearing. */
const numbers = (said: readonly unknown[]) => said.map((text) => Number(String(text).split('-')[1]));

describe.each(topologies)('the order of messages on $name', { timeout: 60_000 }, ({ start }) => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await start({ RATE_LIMIT_ROOMS: 'off', RATE_LIMIT_MESSAGES: 'off' });
  });
  afterAll(async () => {
    await topology?.[Symbol.asyncDispose]();
  });

  const MANY = 120;
  const sent = Array.from({ length: MANY }, (_, n) => n);

  // The clients of most documents show messages as they come, and have no number to sort them by.
  it('what one says in a room without waiting is heard as it was said, on every node and in every vocabulary', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    const body = { name: `Room ${randomUUID()}` };
    const made = await http('POST', `${topology.url(0)}/api/rooms`, { body, token: alice.token });
    const roomId: string = made.body.id;
    await using stage = new Stage(topology);
    const speaker = await stage.rooms(alice);
    const hearers = await Promise.all([stage.rooms(bob, 0), stage.rooms(bob, 1)]);
    for (const client of [speaker, ...hearers])
      expect(await client.ask('join-room', roomId)).toMatchObject({ ok: true });
    const raw = await Promise.all([stage.channels(bob, roomId, 0), stage.channels(bob, roomId, 1)]);

    for (const n of sent) speaker.send('send-message', { roomId, content: `said-${n}` });

    const logs = [
      ...[speaker, ...hearers].map(({ log }) => ({ log, event: 'new-message' })),
      ...raw.map(({ log }) => ({ log, event: 'message' })),
    ];
    for (const { log, event } of logs) {
      await until(`${MANY} messages are heard`, () => log.count(event) === MANY, 20_000);
      const heard = log.all.filter((received) => received.event === event).map(({ args }) => args[0]);
      expect(numbers(heard.map((payload) => (payload as { content: string }).content))).toStrictEqual(sent);
    }
  });

  it('what one writes to another without waiting is read as it was written, on every node', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    await using stage = new Stage(topology);
    const [writer, ...readers] = await Promise.all([
      stage.jitsi(alice),
      stage.jitsi(bob, 0),
      stage.jitsi(bob, 1),
    ]);
    for (const n of sent) writer.send('message', { to: bob.id, content: `said-${n}` });
    for (const { log } of readers) {
      await until(`${MANY} messages are heard`, () => log.count('message') === MANY, 20_000);
      const heard = log.all.filter(({ event }) => event === 'message').map(({ args }) => args[0]);
      expect(numbers(heard.map((payload) => (payload as { content: string }).content))).toStrictEqual(sent);
    }
  });
});
