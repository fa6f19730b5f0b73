import { NodeId, type Notice } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import type { BusHarness } from './bus.ts';
import { fresh } from './harness.ts';
import { user } from './samples.ts';
import { until } from './until.ts';

const changed = (id: number): Notice => ({ type: 'user.changed', userId: user(id) });
const A = NodeId.parse('node-a');
const B = NodeId.parse('node-b');

export function busNotices(factory: () => Promise<BusHarness>): void {
  describe('notify and listen', () => {
    const harness = fresh(factory);

    it('reaches every listener, each with a copy of its own, after the notifier’s turn', async () => {
      const [sender, receiver] = [await harness().connect(), await harness().connect()];
      const heard: Notice[][] = [[], []];
      await receiver.listen((notice) => void heard[0]?.push(notice));
      await sender.listen((notice) => void heard[1]?.push(notice), A);
      const sending = sender.notify(changed(1));
      expect(heard).toEqual([[], []]);
      await sending;
      await until(() => heard.every((mine) => mine.length === 1), 'both heard');
      expect(heard).toEqual([[changed(1)], [changed(1)]]);
      expect(heard[0]?.[0]).not.toBe(heard[1]?.[0]);
    });

    it('reaches one node alone when told to', async () => {
      const bus = await harness().connect();
      const heard: Record<string, string[]> = { a: [], b: [], none: [] };
      const note = (name: string) => (notice: Notice) => {
        if (notice.type === 'user.changed') heard[name]?.push(notice.userId);
      };
      await bus.listen(note('a'), A);
      await bus.listen(note('b'), B);
      await bus.listen(note('none'));
      await bus.notify(changed(1), B);
      await bus.notify(changed(2));
      await until(() => Object.values(heard).every((mine) => mine.includes('2')), 'all heard the second');
      expect(heard).toEqual({ a: ['2'], b: ['1', '2'], none: ['2'] });
    });

    it('is lost where nobody listens, and after listening has stopped', async () => {
      const bus = await harness().connect();
      await bus.notify(changed(1));
      const heard: Notice[] = [];
      const first = await bus.listen((notice) => void heard.push(notice));
      await first[Symbol.asyncDispose]();
      const later: Notice[] = [];
      await bus.listen((notice) => void later.push(notice));
      await bus.notify(changed(2));
      await until(() => later.length > 0, 'the later listener heard');
      expect(heard).toEqual([]);
      expect(later).toEqual([changed(2)]);
    });

    it('calls nobody who has stopped listening, for what was under way, either', async () => {
      const bus = await harness().connect();
      const heard: Notice[] = [];
      const listening = await bus.listen((notice) => void heard.push(notice));
      const sending = bus.notify(changed(1));
      await listening[Symbol.asyncDispose]();
      const before = heard.length;
      const later: Notice[] = [];
      await bus.listen((notice) => void later.push(notice));
      await sending;
      await bus.notify(changed(2));
      await until(
        () => later.some((notice) => 'userId' in notice && notice.userId === '2'),
        'the later listener heard',
      );
      expect(heard).toHaveLength(before);
    });

    it('survives a listener that throws', async () => {
      const bus = await harness().connect();
      const heard: Notice[] = [];
      await bus.listen(() => {
        throw new Error('not my day');
      });
      await bus.listen((notice) => void heard.push(notice));
      await bus.notify(changed(1));
      await bus.notify(changed(2));
      await until(() => heard.length === 2, 'the other one heard both');
    });
  });
}
