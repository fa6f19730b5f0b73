import { randomUUID } from 'node:crypto';
import { createNatsBus } from '@switchboard/engine-nats';
import { startTestNats, type TestNats } from '@switchboard/engine-nats/testing';
import type { BusEvent } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../testing/until.ts';
import type { EventOf } from './event-types.ts';
import { consumerPlans } from './subjects.ts';
import { type EventInfo, type EventStreamOptions, subscribeEvents } from './subscribe-events.ts';

let server: TestNats;
let bus: Awaited<ReturnType<typeof createNatsBus>>;
beforeAll(async () => {
  server = await startTestNats();
  bus = await createNatsBus({ url: server.url, name: 'publisher', replicas: 1 });
  // Streams are the services' to make: there is one when something was published.
  await bus.publish(revoked());
  await bus.publish(pushed(randomUUID()));
});
afterAll(async () => {
  await bus?.close();
  await server?.[Symbol.asyncDispose]();
});

const at = () => new Date().toISOString();
function revoked(userId = '1'): BusEvent {
  return { v: 1, id: randomUUID(), at: at(), type: 'auth.session.revoked', userId } as BusEvent;
}
function pushed(callId: string, detail = 'x'): BusEvent {
  const target = { id: randomUUID(), kind: 'expo', sessionId: randomUUID() };
  const about = { callId, userId: '1', target, content: 'call.incoming', step: 'sent', detail };
  return { v: 1, id: randomUUID(), at: at(), type: 'call.pushed', ...about } as BusEvent;
}

type Pushed = EventOf<'call.pushed'>;
const subscribe = (
  options: Partial<EventStreamOptions<'call.pushed'>>,
  handler: (event: Pushed, info: EventInfo) => Promise<void> | void,
) =>
  subscribeEvents(
    {
      servers: new URL(server.url).host,
      durable: `test-${randomUUID()}`,
      types: ['call.pushed'],
      ...options,
    },
    handler,
  );

describe('the consumers of a name', () => {
  it.each([
    [['call.ended'], true, 8, 'call.*.p0'],
    [['call.ended', 'call.ringing'], true, 8, 'call.*.p0'],
    [['chat.message.created'], true, 8, 'chat.*.*.p0'],
    [['chat.message.created', 'chat.room.deleted'], false, 1, 'chat.*.*.*'],
    [['auth.user.banned', 'call.ended'], false, 2, 'auth.*.*.*'],
  ] as const)('%j, in order %s: %i, the first of %s', (types, ordered, count, filter) => {
    const plans = consumerPlans('mine', types, ordered);
    expect(plans).toHaveLength(count);
    expect(plans[0]?.filter).toBe(filter);
    expect(new Set(plans.map(({ stream, name }) => `${stream} ${name}`)).size).toBe(count);
  });
});

describe('a subscription', () => {
  it('gets what it asked for from then on, as it was published', async () => {
    const got: [Pushed, EventInfo][] = [];
    await using _ = await subscribe({}, (event, info) => void got.push([event, info]));
    const event = pushed(randomUUID());
    await bus.publish(revoked());
    await bus.publish(event);
    await until('the event is heard', () => got.length > 0);
    expect(got).toHaveLength(1);
    expect(got[0]?.[0]).toEqual(event);
    expect(got[0]?.[1]).toMatchObject({ attempt: 1, subject: `call:${(event as Pushed).callId}` });
  });

  it('goes on where its name was, and can begin with what is kept', async () => {
    const durable = `kept-${randomUUID()}`;
    const callId = randomUUID();
    const got: string[] = [];
    const note = (event: Pushed): void => {
      if (event.callId === callId) got.push(String(event.detail));
    };
    const first = await subscribe({ durable }, note);
    await bus.publish(pushed(callId, 'one'));
    await until('one is heard', () => got.length === 1);
    await first.close();
    await bus.publish(pushed(callId, 'two'));
    await using _second = await subscribe({ durable }, note);
    await until('two is heard', () => got.length === 2);
    await using _third = await subscribe({ from: 'start' }, note);
    await until('all is heard again', () => got.length === 4);
    expect(got).toEqual(['one', 'two', 'one', 'two']);
  });

  it.each(['subject', 'none'] as const)(
    'hears of other events when its name asks for others, by %s',
    async (order) => {
      const more = { servers: new URL(server.url).host, durable: `other-${randomUUID()}`, order };
      const problems: Error[] = [];
      const onProblem = (problem: Error): void => void problems.push(problem);
      await (await subscribeEvents({ ...more, types: ['call.ended'] }, () => undefined)).close();
      const heard: string[] = [];
      await using _ = await subscribeEvents(
        { ...more, types: ['call.ended', 'call.pushed'], concurrency: 7, onProblem },
        ({ id }) => void heard.push(id),
      );
      const event = pushed(randomUUID());
      await bus.publish(event);
      await until('the event is heard', () => heard.includes(event.id));
      expect(problems).toEqual([]);
    },
  );

  it('keeps the order of what is about the same, also when a handler fails; says how often it was tried', async () => {
    const callId = randomUUID();
    const got: [string, number][] = [];
    const problems: string[] = [];
    await using _ = await subscribe(
      { onProblem: ({ message }) => problems.push(message) },
      async (event, { attempt }) => {
        got.push([String(event.detail), attempt]);
        if (event.detail === 'b' && attempt === 1) throw new Error('not now');
      },
    );
    for (const detail of ['a', 'b', 'c']) await bus.publish(pushed(callId, detail));
    await until('all are handled', () => got.length === 4, 15_000);
    expect(got).toEqual([
      ['a', 1],
      ['b', 1],
      ['b', 2],
      ['c', 1],
    ]);
    expect(problems).toEqual(['call.pushed was not handled, attempt 1']);
  });

  it('without order has many in hand, each for as long as it takes, and gives back what it had when it closes', async () => {
    const durable = `many-${randomUUID()}`;
    const held = new Set<string>();
    const first = await subscribe({ durable, order: 'none' }, (event, { signal }) => {
      held.add(event.id);
      return new Promise((_, fail) => {
        signal.addEventListener('abort', () => fail(new Error('closing')));
      });
    });
    const events = Array.from({ length: 30 }, () => pushed(randomUUID()));
    await Promise.all(events.map((event) => bus.publish(event)));
    await until('all are in hand', () => held.size === events.length);
    await first.close();
    const again = new Map<string, number>();
    await using _ = await subscribe({ durable, order: 'none' }, (event, { attempt }) => {
      again.set(event.id, attempt);
    });
    await until('all come again', () => again.size === events.length, 15_000);
    expect([...again.keys()].sort()).toEqual(events.map(({ id }) => id).sort());
    expect([...again.values()].every((attempt) => attempt > 1)).toBe(true);
  });

  it('goes on when the server was killed, also when it came back empty', async () => {
    await using own = await startTestNats();
    const publisher = await createNatsBus({ url: own.url, name: 'publisher', replicas: 1 });
    const publish = async (event: BusEvent): Promise<void> => {
      const until = Date.now() + 30_000;
      for (;;) {
        try {
          return await publisher.publish(event);
        } catch (error) {
          if (Date.now() > until) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    };
    await publish(pushed(randomUUID()));
    const heard: string[] = [];
    await using _ = await subscribe({ servers: new URL(own.url).host }, (event) => void heard.push(event.id));
    for (const store of ['kept', 'empty'] as const) {
      await own.restart(store);
      const event = pushed(randomUUID());
      await publish(event);
      await until(`heard after a server came back ${store}`, () => heard.includes(event.id), 30_000);
    }
    await publisher.close();
  });

  it('is refused without a server, with a name that is none, and with events that are none', async () => {
    await expect(subscribe({ servers: '127.0.0.1:1' }, () => undefined)).rejects.toThrow();
    await expect(subscribe({ durable: 'a b' }, () => undefined)).rejects.toThrow(RangeError);
    const types = ['dead.letter'] as unknown as ['call.pushed'];
    await expect(subscribe({ types }, () => undefined)).rejects.toThrow(RangeError);
  });
});
