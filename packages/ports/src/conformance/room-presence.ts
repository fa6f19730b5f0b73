import { describe, expect, it } from 'vitest';
import type { RoomMember, RoomPresence } from '../room-presence.ts';
import { fresh } from './harness.ts';
import { member, room, user } from './samples.ts';

export interface RoomPresenceHarness {
  readonly roomPresence: RoomPresence;
  dispose(): Promise<void>;
}

const LEASE = 60_000;
const where = ({ roomId, participant }: RoomMember): string => `${roomId}:${participant.id}`;
const whereabouts = (members: readonly RoomMember[]): string[] => members.map(where).sort();

/** What every engine must know of who is in which room. Times lie near the machine's. */
export function roomPresenceConformance(name: string, factory: () => Promise<RoomPresenceHarness>): void {
  describe(`room presence: ${name}`, () => {
    const harness = fresh(factory);
    const store = (): RoomPresence => harness().roomPresence;

    it('knows nobody at first', async () => {
      const now = Date.now();
      expect(await store().membersOf(room(1), now)).toEqual([]);
      expect(await store().roomsOf(user(1), now)).toEqual([]);
      expect(await store().sweep(now)).toEqual([]);
    });

    it('tells first and last by room and user', async () => {
      const now = Date.now();
      const [phone, laptop] = [member(1, 1), member(1, 1, 'node-b')];
      const [other, elsewhere] = [member(1, 2), member(2, 1)];
      expect(await store().put(phone, now + LEASE, now)).toEqual({ first: true });
      expect(await store().put(laptop, now + LEASE, now)).toEqual({ first: false });
      expect(await store().put(other, now + LEASE, now)).toEqual({ first: true });
      expect(await store().put(elsewhere, now + LEASE, now)).toEqual({ first: true });
      expect(await store().membersOf(room(1), now)).toEqual([phone, laptop, other]);
      expect(await store().membersOf(room(2), now)).toEqual([elsewhere]);
      expect((await store().roomsOf(user(1), now)).sort()).toEqual(['1', '2']);
      expect(await store().remove(phone, now)).toEqual({ last: false });
      expect(await store().remove(laptop, now)).toEqual({ last: true });
      expect(await store().membersOf(room(1), now)).toEqual([other]);
      expect(await store().roomsOf(user(1), now)).toEqual(['2']);
      expect(await store().roomsOf(user(2), now)).toEqual(['1']);
    });

    it('lists the sockets in the order in which they came, whoever they belong to', async () => {
      const now = Date.now();
      const came = [member(1, 2), member(1, 1), member(1, 2), member(1, 3), member(1, 1)];
      for (const one of came) await store().put(one, now + LEASE, now);
      expect(await store().membersOf(room(1), now)).toEqual(came);
    });

    it('replaces a socket that says something else of itself, in its place', async () => {
      const now = Date.now();
      const [before, second] = [member(1, 1), member(1, 2)];
      await store().put(before, now + LEASE, now);
      await store().put(second, now + LEASE, now);
      const renamed = { ...before, participant: { ...before.participant, name: 'Somebody Else' } };
      expect(await store().put(renamed, now + LEASE, now)).toEqual({ first: false });
      expect(await store().membersOf(room(1), now)).toEqual([renamed, second]);
      expect(await store().remove(before, now)).toEqual({ last: true });
    });

    it('takes one socket in several rooms for several members', async () => {
      const now = Date.now();
      const here = member(1, 1);
      const there = { ...here, roomId: room(2) };
      expect(await store().put(here, now + LEASE, now)).toEqual({ first: true });
      expect(await store().put(there, now + LEASE, now)).toEqual({ first: true });
      expect(await store().remove(here, now)).toEqual({ last: true });
      expect(await store().membersOf(room(2), now)).toEqual([there]);
    });

    it('takes the removal of an unknown socket for nothing', async () => {
      const now = Date.now();
      expect(await store().remove(member(1, 1), now)).toEqual({ last: false });
      const known = member(1, 1);
      await store().put(known, now + LEASE, now);
      expect(await store().remove(member(1, 1), now)).toEqual({ last: false });
      expect(await store().remove({ ...known, roomId: room(2) }, now)).toEqual({ last: false });
      expect(await store().remove(known, now)).toEqual({ last: true });
      expect(await store().remove(known, now)).toEqual({ last: false });
    });

    it('tells exactly one of many racers first, and one last', async () => {
      const now = Date.now();
      const sockets = Array.from({ length: 50 }, () => member(1, 1));
      const puts = await Promise.all(sockets.map((each) => store().put(each, now + LEASE, now)));
      expect(puts.filter(({ first }) => first)).toHaveLength(1);
      const removals = await Promise.all(sockets.map((each) => store().remove(each, now)));
      expect(removals.filter(({ last }) => last)).toHaveLength(1);
    });

    it('copies on the way in and out', async () => {
      const now = Date.now();
      const mine = member(1, 1);
      const kept = structuredClone(mine);
      const putting = store().put(mine, now + LEASE, now);
      Object.assign(mine.participant, { name: 'changed' });
      await putting;
      const [read] = await store().membersOf(room(1), now);
      Object.assign(read?.participant ?? {}, { name: 'changed' });
      expect(await store().membersOf(room(1), now)).toEqual([kept]);
    });

    it('lets a lease lapse', async () => {
      const now = Date.now();
      const one = member(1, 1);
      await store().put(one, now + LEASE, now);
      expect(await store().membersOf(room(1), now + LEASE - 1)).toEqual([one]);
      expect(await store().roomsOf(user(1), now + LEASE - 1)).toEqual(['1']);
      expect(await store().membersOf(room(1), now + LEASE)).toEqual([]);
      expect(await store().roomsOf(user(1), now + LEASE)).toEqual([]);
    });

    it('renews what it knows and names what it does not', async () => {
      const now = Date.now();
      const [known, lapsed, unknown] = [member(1, 1), member(1, 2), member(1, 3)];
      const absent = { ...known, roomId: room(2) };
      await store().put(known, now + LEASE, now);
      await store().put(lapsed, now + 1_000, now);
      const later = now + 2_000;
      const missing = await store().renew([known, lapsed, unknown, absent], later + LEASE, later);
      expect(whereabouts(missing)).toEqual(whereabouts([lapsed, unknown, absent]));
      expect(await store().membersOf(room(1), now + LEASE)).toEqual([known]);
      expect(await store().put(lapsed, later + LEASE, later)).toEqual({ first: true });
    });

    it('sweeps those whose leases lapsed, one socket a user and room, each to one caller only', async () => {
      const now = Date.now();
      for (let id = 1; id <= 20; id += 1) await store().put(member(1, id), now + 1_000, now);
      // A second socket is no second departure; one that lives keeps its user in.
      await store().put(member(1, 1), now + 1_000, now);
      await store().put(member(2, 1), now + 1_000, now);
      const live = member(1, 20);
      await store().put(live, now + LEASE, now);
      expect(await store().sweep(now + 999)).toEqual([]);
      const swept = await Promise.all(Array.from({ length: 6 }, () => store().sweep(now + 1_000)));
      const expected = Array.from({ length: 19 }, (_, at) => `1:${at + 1}`);
      expect(whereabouts(swept.flat())).toEqual([...expected, '2:1'].sort());
      expect(await store().sweep(now + 1_000)).toEqual([]);
      expect(await store().membersOf(room(1), now + 1_000)).toEqual([live]);
    });

    it('tells a departure once: by the removal or by the sweep', async () => {
      const now = Date.now();
      const [lapsed, live] = [member(1, 1), member(1, 1)];
      await store().put(lapsed, now + 1_000, now);
      await store().put(live, now + LEASE, now);
      const later = now + 2_000;
      expect(await store().remove(live, later)).toEqual({ last: true });
      expect(await store().sweep(later)).toEqual([]);
      await store().put(lapsed, later + 1, later);
      expect(whereabouts(await store().sweep(later + 1))).toEqual(['1:1']);
      expect(await store().remove(lapsed, later + 1)).toEqual({ last: false });
    });

    it('does not sweep a user who came back', async () => {
      const now = Date.now();
      await store().put(member(1, 1), now + 1_000, now);
      const later = now + 2_000;
      const back = member(1, 1);
      expect(await store().put(back, later + LEASE, later)).toEqual({ first: true });
      expect(await store().sweep(later)).toEqual([]);
      expect(await store().membersOf(room(1), later)).toEqual([back]);
    });
  });
}
