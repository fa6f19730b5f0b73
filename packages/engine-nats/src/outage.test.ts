import { randomUUID } from 'node:crypto';
import type { Bus } from '@switchboard/ports';
import { type BusEvent, EventId, ok, SessionId, UserId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNatsBus } from './index.ts';
import { startTestNats, type TestNats } from './testing/test-nats.ts';

const RETRYABLE = { code: 'SERVICE_UNAVAILABLE', retryable: true };
const TYPES = ['auth.session.revoked'] as const;

function revoked(user: number): BusEvent {
  return {
    v: 1,
    id: EventId.parse(randomUUID()),
    at: new Date().toISOString(),
    type: 'auth.session.revoked',
    userId: UserId.parse(String(user)),
    sessionId: SessionId.parse(randomUUID()),
  };
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within twenty seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS)('NATS away', () => {
  let server: TestNats;
  let publisher: Bus;
  let consumer: Bus;
  const open = (name: string) => createNatsBus({ url: server.url, name, replicas: 1 });
  beforeEach(async () => {
    server = await startTestNats();
    [publisher, consumer] = await Promise.all([open('publisher'), open('consumer')]);
  });
  afterEach(async () => {
    await Promise.all([publisher?.close(), consumer?.close()]);
    await server?.[Symbol.asyncDispose]();
  });
  const bothUp = () => until(() => publisher.health().up && consumer.health().up, 'both are connected again');

  it.each(['kept', 'empty'] as const)(
    'and back, its store %s: requests, events and notices go on by themselves',
    async (store) => {
      const heard: string[] = [];
      const notices: string[] = [];
      await consumer.consume({ durable: 'd', types: TYPES }, async (event) => void heard.push(event.id));
      await consumer.serve('auth.users.get', async () => ok({ users: [] }));
      await consumer.listen((notice) => void notices.push(notice.type));
      const before = revoked(1);
      await publisher.publish(before);
      await until(() => heard.includes(before.id), 'it worked before');

      await server.restart(store);
      await bothUp();
      const after = Array.from({ length: 40 }, (_, at) => revoked(at + 1));
      for (const event of after) {
        await until(
          () =>
            publisher.publish(event).then(
              () => true,
              () => false,
            ),
          'it is published',
        );
      }
      await until(() => after.every(({ id }) => heard.includes(id)), 'all came after the restart');
      expect(await publisher.request('auth.users.get', { userIds: [] })).toEqual(ok({ users: [] }));
      await publisher.notify({ type: 'user.changed', userId: UserId.parse('1') });
      await until(() => notices.includes('user.changed'), 'the notice came');
    },
    60_000,
  );

  it('is said at once, retryably, and by health', async () => {
    await server[Symbol.asyncDispose]();
    await until(() => !publisher.health().up, 'health says so');
    await Promise.all([
      expect(publisher.publish(revoked(1))).rejects.toMatchObject(RETRYABLE),
      expect(publisher.request('auth.users.get', { userIds: [] })).rejects.toMatchObject(RETRYABLE),
      expect(publisher.notify({ type: 'user.changed', userId: UserId.parse('1') })).rejects.toMatchObject(
        RETRYABLE,
      ),
    ]);
  });

  it('hangs: noticed, refused, and forgotten when it goes on', async () => {
    const event = revoked(1);
    const heard: string[] = [];
    await consumer.consume({ durable: 'd', types: TYPES }, async ({ id }) => void heard.push(id));
    await server.signal('SIGSTOP');
    await expect(publisher.publish(event)).rejects.toMatchObject(RETRYABLE);
    await server.signal('SIGCONT');
    await until(() => publisher.health().up && consumer.health().up, 'connected again');
    await until(
      () =>
        publisher.publish(event).then(
          () => true,
          () => false,
        ),
      'it is published',
    );
    await until(() => heard.length > 0, 'it came');
    // Whether or not the first attempt was stored: the id is known.
    expect(heard).toEqual([event.id]);
  }, 60_000);

  it('is named at the start, with the variable to look at', async () => {
    await server[Symbol.asyncDispose]();
    await expect(open('late')).rejects.toMatchObject({
      ...RETRYABLE,
      message: expect.stringContaining('NATS_URL'),
    });
  });
});
