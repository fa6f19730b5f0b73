import { NodeId } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import type { Presence } from '../presence.ts';
import { fresh } from './harness.ts';
import { device, user } from './samples.ts';
import { until } from './until.ts';

export interface PresenceHarness {
  readonly presence: Presence;
  dispose(): Promise<void>;
}

const LEASE = 60_000;
const byId = (a: { deviceId: string }, b: { deviceId: string }): number => (a.deviceId < b.deviceId ? -1 : 1);

/** What every engine of presence must do. Times lie near the machine's. */
export function presenceConformance(name: string, factory: () => Promise<PresenceHarness>): void {
  describe(`presence: ${name}`, () => {
    const harness = fresh(factory);
    const store = (): Presence => harness().presence;

    it('knows nobody at first', async () => {
      const now = Date.now();
      expect(await store().online(now)).toEqual([]);
      expect(await store().devicesOf(user(1), now)).toEqual([]);
      expect(await store().sweep(now)).toEqual([]);
    });

    it('tells first and last by user', async () => {
      const now = Date.now();
      const [phone, laptop, other] = [device(1), device(1, 'node-b'), device(2)];
      expect(await store().put(phone, now + LEASE, now)).toEqual({ first: true });
      expect(await store().put(laptop, now + LEASE, now)).toEqual({ first: false });
      expect(await store().put(other, now + LEASE, now)).toEqual({ first: true });
      expect((await store().devicesOf(user(1), now)).sort(byId)).toEqual([phone, laptop].sort(byId));
      expect((await store().online(now)).sort()).toEqual(['1', '2']);
      expect(await store().remove(phone, now)).toEqual({ last: false });
      expect(await store().remove(laptop, now)).toEqual({ last: true });
      expect(await store().online(now)).toEqual(['2']);
    });

    it('replaces a device that says more of itself', async () => {
      const now = Date.now();
      const undeclared = { ...device(1), dialect: null };
      await store().put(undeclared, now + LEASE, now);
      const declared = { ...undeclared, dialect: 'jitsi' as const };
      await store().put(declared, now + LEASE, now);
      expect(await store().devicesOf(user(1), now)).toEqual([declared]);
      expect(await store().remove(declared, now)).toEqual({ last: true });
    });

    it('takes the removal of an unknown device for nothing', async () => {
      const now = Date.now();
      expect(await store().remove(device(1), now)).toEqual({ last: false });
      const known = device(1);
      await store().put(known, now + LEASE, now);
      expect(await store().remove(device(1), now)).toEqual({ last: false });
      expect(await store().remove(known, now)).toEqual({ last: true });
      expect(await store().remove(known, now)).toEqual({ last: false });
    });

    it('tells exactly one of many racers first, and one last', async () => {
      const now = Date.now();
      const devices = Array.from({ length: 50 }, () => device(1));
      const puts = await Promise.all(devices.map((each) => store().put(each, now + LEASE, now)));
      expect(puts.filter(({ first }) => first)).toHaveLength(1);
      const removals = await Promise.all(devices.map((each) => store().remove(each, now)));
      expect(removals.filter(({ last }) => last)).toHaveLength(1);
    });

    it('copies on the way in and out', async () => {
      const now = Date.now();
      const mine = { ...device(1) };
      const kept = { ...mine };
      const putting = store().put(mine, now + LEASE, now);
      Object.assign(mine, { nodeId: 'changed' });
      await putting;
      const [read] = await store().devicesOf(user(1), now);
      Object.assign(read ?? {}, { nodeId: 'changed' });
      expect(await store().devicesOf(user(1), now)).toEqual([kept]);
    });

    it('lets a lease lapse', async () => {
      const now = Date.now();
      await store().put(device(1), now + LEASE, now);
      expect(await store().online(now + LEASE - 1)).toEqual(['1']);
      expect(await store().online(now + LEASE)).toEqual([]);
      expect(await store().devicesOf(user(1), now + LEASE)).toEqual([]);
    });

    it('renews what it knows and names what it does not', async () => {
      const now = Date.now();
      const [known, lapsed, unknown] = [device(1), device(2), device(3)];
      await store().put(known, now + LEASE, now);
      await store().put(lapsed, now + 1_000, now);
      const later = now + 2_000;
      const missing = await store().renew([known, lapsed, unknown], later + LEASE, later);
      expect(missing.sort(byId)).toEqual([lapsed, unknown].sort(byId));
      expect(await store().devicesOf(user(1), now + LEASE)).toEqual([known]);
      expect(await store().put(lapsed, later + LEASE, later)).toEqual({ first: true });
    });

    it('sweeps lapsed users, each to one caller only', async () => {
      const now = Date.now();
      for (let id = 1; id <= 20; id++) await store().put(device(id), now + 1_000, now);
      await store().put(device(20), now + LEASE, now);
      expect(await store().sweep(now + 999)).toEqual([]);
      const swept = await Promise.all(Array.from({ length: 6 }, () => store().sweep(now + 1_000)));
      const expected = Array.from({ length: 19 }, (_, at) => String(at + 1));
      expect(swept.flat().sort()).toEqual(expected.sort());
      expect(await store().sweep(now + 1_000)).toEqual([]);
      expect(await store().online(now + 1_000)).toEqual(['20']);
    });

    it('tells a departure once: by the removal or by the sweep', async () => {
      const now = Date.now();
      const [lapsed, live] = [device(1), device(1)];
      await store().put(lapsed, now + 1_000, now);
      await store().put(live, now + LEASE, now);
      const later = now + 2_000;
      expect(await store().remove(live, later)).toEqual({ last: true });
      expect(await store().sweep(later)).toEqual([]);
      await store().put(lapsed, later + 1, later);
      expect(await store().sweep(later + 1)).toEqual(['1']);
      expect(await store().remove(lapsed, later + 1)).toEqual({ last: false });
    });

    it('knows when each node last said that it lives', async () => {
      const [mine, other] = [NodeId.parse('node-a'), NodeId.parse('node-b')];
      expect(await store().silentFor(mine, Date.now())).toBeUndefined();
      expect(await store().beat(mine, Date.now())).toEqual({ known: false });
      expect(await store().beat(other, Date.now())).toEqual({ known: false });
      await until(
        async () => ((await store().silentFor(mine, Date.now())) ?? 0) >= 50,
        'some time has passed',
      );
      expect(await store().beat(mine, Date.now())).toEqual({ known: true });
      const [again, once] = [mine, other].map((node) => store().silentFor(node, Date.now()));
      expect(await again).toBeLessThan((await once) ?? 0);
    });

    it('does not sweep a user who came back', async () => {
      const now = Date.now();
      await store().put(device(1), now + 1_000, now);
      const later = now + 2_000;
      expect(await store().put(device(1), later + LEASE, later)).toEqual({ first: true });
      expect(await store().sweep(later)).toEqual([]);
      expect(await store().online(later)).toEqual(['1']);
    });
  });
}
