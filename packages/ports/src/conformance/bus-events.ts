import type { BusEvent, SessionId } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import type { BusHarness } from './bus.ts';
import { fresh } from './harness.ts';
import { revoked, userDeleted } from './samples.ts';
import { gate, until } from './until.ts';

const TYPES = ['auth.session.revoked'] as const;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const ids = (events: readonly BusEvent[]): string[] => events.map((event) => event.id);

export function busEvents(factory: () => Promise<BusHarness>): void {
  describe('publish and consume', () => {
    const harness = fresh(factory);
    const pair = async () => [await harness().connect(), await harness().connect()] as const;

    it('brings an event, as a copy, to every durable name', async () => {
      const [publisher, consumer] = await pair();
      const heard: Record<string, BusEvent[]> = { a: [], b: [] };
      for (const durable of ['a', 'b']) {
        await consumer.consume({ durable, types: TYPES }, async (event) => void heard[durable]?.push(event));
      }
      const event = revoked(1);
      const sent = structuredClone(event);
      const publishing = publisher.publish(event);
      expect(heard).toEqual({ a: [], b: [] });
      event.sessionId = 'changed after publish' as SessionId;
      await publishing;
      await until(() => heard.a?.length === 1 && heard.b?.length === 1, 'both heard it');
      expect(heard).toEqual({ a: [sent], b: [sent] });
      expect(heard.a?.[0]).not.toBe(heard.b?.[0]);
    });

    it('brings only the types asked for', async () => {
      const [publisher, consumer] = await pair();
      const heard: BusEvent[] = [];
      await consumer.consume(
        { durable: 'd', types: ['auth.user.deleted'] },
        async (event) => void heard.push(event),
      );
      await publisher.publish(revoked(1));
      const wanted = userDeleted(1);
      await publisher.publish(wanted);
      await until(() => heard.length > 0, 'the wanted one came');
      expect(heard).toEqual([wanted]);
    });

    it('gives each event to one instance of a durable name, and work to all of them', async () => {
      const [publisher, consumer] = await pair();
      const heard: BusEvent[][] = [[], [], []];
      for (const mine of heard) {
        const options = { durable: 'shared', types: TYPES, concurrency: 4 };
        await consumer.consume(options, async (event) => {
          mine.push(event);
          await turn();
        });
      }
      const events = Array.from({ length: 200 }, (_, at) => revoked(at + 1));
      await Promise.all(events.map((event) => publisher.publish(event)));
      await until(() => heard.flat().length >= events.length, 'all were handled');
      expect(ids(heard.flat()).sort()).toEqual(ids(events).sort());
      for (const mine of heard) expect(mine.length).toBeGreaterThan(0);
    });

    it('keeps the order of publishing per ordering key, across instances', async () => {
      const [publisher, consumer] = await pair();
      const heard = new Map<string, string[]>();
      const busy = new Set<string>();
      let overlaps = 0;
      for (let instance = 0; instance < 2; instance++) {
        await consumer.consume({ durable: 'ordered', types: TYPES }, async (event) => {
          if (event.type !== 'auth.session.revoked') return;
          if (busy.has(event.userId)) overlaps++;
          busy.add(event.userId);
          for (let turns = Math.floor(Math.random() * 4); turns > 0; turns--) await turn();
          heard.set(event.userId, [...(heard.get(event.userId) ?? []), event.id]);
          busy.delete(event.userId);
        });
      }
      const events = Array.from({ length: 120 }, (_, at) => revoked((at % 6) + 1));
      await Promise.all(events.map((event) => publisher.publish(event)));
      await until(() => [...heard.values()].flat().length >= events.length, 'all were handled');
      for (const [userId, order] of heard) {
        expect(order).toEqual(ids(events.filter((event) => event.userId === userId)));
      }
      expect(overlaps).toBe(0);
    });

    it('lets other keys overtake a slow one', async () => {
      const [publisher, consumer] = await pair();
      const { opened, open } = gate();
      const heard: string[] = [];
      await consumer.consume({ durable: 'slow', types: TYPES }, async (event) => {
        if (event.id === slow.id) await opened;
        heard.push(event.id);
      });
      const slow = revoked(1);
      const quick = revoked(2);
      const first = publisher.publish(slow);
      await publisher.publish(quick);
      await until(() => heard.length === 1, 'the quick one passed');
      expect(heard).toEqual([quick.id]);
      open();
      await first;
      await until(() => heard.length === 2, 'the slow one followed');
    });

    it('handles no more at once than it was told to', async () => {
      const [publisher, consumer] = await pair();
      let atOnce = 0;
      let most = 0;
      let handled = 0;
      await consumer.consume({ durable: 'few', types: TYPES, concurrency: 3 }, async () => {
        most = Math.max(most, ++atOnce);
        await turn();
        await turn();
        atOnce--;
        handled++;
      });
      await Promise.all(Array.from({ length: 40 }, (_, at) => publisher.publish(revoked(at + 1))));
      await until(() => handled === 40, 'all were handled');
      expect(most).toBe(3);
    });

    it('drops an event id that it knows, published at once or later', async () => {
      const [publisher, consumer] = await pair();
      const heard: BusEvent[] = [];
      await consumer.consume({ durable: 'once', types: TYPES }, async (event) => void heard.push(event));
      const event = revoked(1);
      await Promise.all([publisher.publish(event), publisher.publish(event)]);
      await publisher.publish(event);
      const last = revoked(1);
      await publisher.publish(last);
      await until(() => heard.some(({ id }) => id === last.id), 'the one after came');
      expect(ids(heard)).toEqual([event.id, last.id]);
    });

    it('tries an event again whose handler threw, before the next of its key', async () => {
      const [publisher, consumer] = await pair();
      const heard: string[] = [];
      let failures = 2;
      await consumer.consume({ durable: 'again', types: TYPES }, async (event) => {
        heard.push(event.id);
        if (event.id === first.id && failures-- > 0) throw new Error('not yet');
      });
      const first = revoked(1);
      const second = revoked(1);
      await Promise.all([publisher.publish(first), publisher.publish(second)]);
      await until(() => heard.includes(second.id), 'the second came');
      expect(heard).toEqual([first.id, first.id, first.id, second.id]);
      expect(consumer.health().deadLetters).toBe(0);
    });

    it('sets an event aside after the last attempt and goes on with its key', async () => {
      const [publisher, consumer] = await pair();
      const heard: string[] = [];
      await consumer.consume({ durable: 'dead', types: TYPES, maxDeliver: 2 }, async (event) => {
        heard.push(event.id);
        if (event.id === poison.id) throw new Error('never');
      });
      const poison = revoked(1);
      const next = revoked(1);
      await Promise.all([publisher.publish(poison), publisher.publish(next)]);
      await until(() => heard.includes(next.id), 'the next came');
      await until(() => consumer.health().deadLetters === 1, 'the poison was set aside');
      expect(heard).toEqual([poison.id, poison.id, next.id]);
      expect(consumer.health().up).toBe(true);
    });

    it('finishes what is in hand when an instance leaves; the others get the rest', async () => {
      const [publisher, consumer] = await pair();
      const { opened, open } = gate();
      const left: string[] = [];
      const stayed: string[] = [];
      const options = { durable: 'leaving', types: TYPES, concurrency: 1 };
      const leaving = await consumer.consume(options, async (event) => {
        left.push(event.id);
        await opened;
      });
      const events = [revoked(1), revoked(1), revoked(2)];
      const publishing = Promise.all(events.map((event) => publisher.publish(event)));
      await until(() => left.length === 1, 'one is in hand');
      await consumer.consume(options, async (event) => void stayed.push(event.id));
      let gone = false;
      const disposing = leaving[Symbol.asyncDispose]().then(() => {
        gone = true;
      });
      await turn();
      expect(gone).toBe(false);
      open();
      await disposing;
      await publishing;
      await until(() => left.length + stayed.length === 3, 'all were handled');
      expect(left).toHaveLength(1);
      expect([...left, ...stayed].sort()).toEqual(ids(events).sort());
    });

    it('keeps for a durable name what came while none of its instances was there', async () => {
      const [publisher, consumer] = await pair();
      const heard: string[] = [];
      const options = { durable: 'returning', types: TYPES };
      const handler = async (event: BusEvent) => void heard.push(event.id);
      const first = await consumer.consume(options, handler);
      await first[Symbol.asyncDispose]();
      const event = revoked(1);
      // A broker stores it; without one the publisher hears that it should try again, and may.
      const outcome = await publisher.publish(event).then(
        () => 'stored',
        (error: { retryable?: boolean }) => error.retryable,
      );
      expect(['stored', true]).toContain(outcome);
      expect(heard).toEqual([]);
      await consumer.consume(options, handler);
      await publisher.publish(event);
      await until(() => heard.length > 0, 'the kept one came');
      expect(heard).toEqual([event.id]);
    });

    it('lets a handler publish what its own durable name consumes', async () => {
      const [publisher, consumer] = await pair();
      const heard: string[] = [];
      const follower = revoked(1);
      await consumer.consume({ durable: 'chain', types: TYPES, concurrency: 1 }, async (event) => {
        if (event.id === first.id) await consumer.publish(follower);
        heard.push(event.id);
      });
      const first = revoked(1);
      await publisher.publish(first);
      await until(() => heard.length === 2, 'both were handled');
      expect(heard).toEqual([first.id, follower.id]);
    });
  });
}
