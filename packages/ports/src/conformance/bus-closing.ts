import { ok } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import type { BusHarness } from './bus.ts';
import { fresh } from './harness.ts';
import { expectUnavailable } from './retryable.ts';
import { identity, revoked, sessionId, user } from './samples.ts';
import { gate, until } from './until.ts';

export function busClosing(factory: () => Promise<BusHarness>): void {
  describe('close', () => {
    const harness = fresh(factory);

    it('finishes the request and the event in hand, then says so', async () => {
      const bus = await harness().connect();
      expect(bus.health()).toEqual({ up: true, deadLetters: 0 });
      const { opened, open } = gate();
      const inHand: string[] = [];
      const finished: string[] = [];
      const work = async (name: string): Promise<void> => {
        inHand.push(name);
        await opened;
        finished.push(name);
      };
      await bus.serve('auth.session.check', async () => {
        await work('request');
        return ok(identity(1));
      });
      await bus.consume({ durable: 'd', types: ['auth.session.revoked'] }, () => work('event'));
      const reply = bus.request('auth.session.check', { userId: user(1), sessionId: sessionId() });
      const published = bus.publish(revoked(1));
      await until(() => inHand.length === 2, 'both are in hand');
      let closed = false;
      const closing = bus.close().then(() => {
        closed = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(closed).toBe(false);
      open();
      await closing;
      expect(finished.sort()).toEqual(['event', 'request']);
      expect(await reply).toMatchObject({ ok: true });
      await published;
      expect(bus.health().up).toBe(false);
    });

    it('takes no new work once closed, and may be closed twice', async () => {
      const bus = await harness().connect();
      await bus.close();
      await bus.close();
      await expectUnavailable(bus.request('auth.users.get', { userIds: [] }));
      await expectUnavailable(bus.serve('auth.users.get', async () => ok({ users: [] })));
      await expectUnavailable(bus.publish(revoked(1)));
      await expectUnavailable(bus.consume({ durable: 'd', types: ['call.ended'] }, async () => undefined));
      await expectUnavailable(bus.notify({ type: 'user.changed', userId: user(1) }));
      await expectUnavailable(bus.listen(() => undefined));
    });
  });
}
