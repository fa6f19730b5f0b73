import type { Clock, Presence } from '@switchboard/ports';
import type { NodeId, PublicUser } from '@switchboard/protocol';
import { every, type Logger } from '@switchboard/service-kit';
import type { CallLifecycle } from '../calls/call-lifecycle.ts';
import type { SessionRegistry } from '../edge/session-registry.ts';
import type { SocketSession } from '../edge/socket-session.ts';
import type { Roster } from '../rooms/rooms.ts';
import type { Announcer } from './announcer.ts';
import type { Audience } from './audience.ts';

/** Keeps what the cluster knows of this node's sockets true. Never throws: what fails is done again with the next renewal. */
export interface Attendance extends AsyncDisposable {
  /** `recorded` is called once: when others can find the socket, before it is told who is here; or when the store would not take it yet, or it left. */
  arrive(session: SocketSession, recorded: () => void): void;
  /** The socket showed its vocabulary. */
  declared(session: SocketSession): void;
  leave(session: SocketSession): void;
  /** Says now, and not only when it is time, that this node's sockets are here. */
  renew(): void;
  /** Resolves when nothing is under way; for shutdown. */
  settled(): Promise<void>;
}

export interface AttendanceParts {
  readonly nodeId: NodeId;
  readonly leaseMs: number;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: SessionRegistry;
  readonly announcer: Announcer;
  readonly audience: Audience;
  readonly online: () => Promise<readonly PublicUser[]>;
  readonly lifecycle: CallLifecycle;
  readonly rooms: Pick<Roster, 'depart'>;
  /** Whether leases that lapsed may be taken for sockets that are gone. */
  readonly mayBury: () => boolean;
}

const RENEW_BATCH = 500;
/** Whoever has looked up how a socket is spoken to, just before that changed, has told it by then. */
const LINGER_MS = 1_000;

interface Entry {
  /** One thing at a time for one socket, in the order in which it happened. */
  tail: Promise<void>;
  gone: boolean;
  /** It is in the presence store as it now is, as far as we know. */
  stored: boolean;
  /** Until when the store was last asked to believe in it, epoch ms. */
  leaseUntil: number;
  /** Told once that it was recorded; undefined since. */
  recorded: (() => void) | undefined;
  greeted: boolean;
}

export function createAttendance(parts: AttendanceParts): Attendance {
  const {
    nodeId,
    leaseMs,
    presence,
    clock,
    logger,
    registry,
    announcer,
    audience,
    online,
    lifecycle,
    rooms,
    mayBury,
  } = parts;
  const entries = new Map<SocketSession, Entry>();
  const leaving = new Set<Promise<void>>();

  const put = async (session: SocketSession, entry: Entry): Promise<void> => {
    await session.joined;
    if (entry.gone) return;
    const now = clock.now();
    const { first } = await presence.put(session.present(nodeId), now + leaseMs, now);
    // What has not lapsed was lost with the store: nobody was told that it went.
    const back = entry.leaseUntil > now;
    entry.stored = true;
    entry.leaseUntil = now + leaseMs;
    if (first && !back) announcer.note({ userId: session.identity.id, online: true });
    const leaveFormer = session.former();
    clock.after(LINGER_MS, leaveFormer);
    tell(entry);
    await greet(session, entry);
  };

  const tell = (entry: Entry): void => {
    entry.recorded?.();
    entry.recorded = undefined;
  };

  /** The list comes after the socket is part of it, and before the first change. */
  const greet = async (session: SocketSession, entry: Entry): Promise<void> => {
    if (entry.greeted || entry.gone) return;
    using _ = announcer.showing();
    const list = await audience.visibleTo(session.identity.id, await online());
    entry.greeted = true;
    const at = new Date(clock.now()).toISOString();
    session.deliver({ type: 'presence', online: list, joined: [], left: [], at });
  };

  const enqueue = (session: SocketSession, entry: Entry, task: () => Promise<void>): Promise<void> => {
    entry.tail = entry.tail.then(task).catch((err: unknown) => {
      entry.stored = false;
      const { deviceId } = session;
      logger.warn({ err, deviceId, userId: session.identity.id }, 'presence not recorded, trying again');
    });
    return entry.tail;
  };

  const renew = async (): Promise<void> => {
    const held = [...entries].filter(([, entry]) => entry.stored && !entry.gone);
    const byDevice = new Map(held.map(([session, entry]) => [session.deviceId, { session, entry }]));
    const devices = held.map(([session]) => session.present(nodeId));
    for (let start = 0; start < devices.length; start += RENEW_BATCH) {
      const now = clock.now();
      const batch = devices.slice(start, start + RENEW_BATCH);
      for (const { deviceId } of await presence.renew(batch, now + leaseMs, now)) {
        const unknown = byDevice.get(deviceId);
        if (unknown) unknown.entry.stored = false;
      }
      for (const { deviceId } of batch) {
        const known = byDevice.get(deviceId);
        if (known?.entry.stored) known.entry.leaseUntil = now + leaseMs;
      }
    }
    const again = [...entries].filter(([, entry]) => !entry.stored && !entry.gone);
    await Promise.all(again.map(([session, entry]) => enqueue(session, entry, () => put(session, entry))));
  };

  const sweep = async (): Promise<void> => {
    if (!mayBury()) return;
    for (const userId of await presence.sweep(clock.now())) announcer.note({ userId, online: false });
  };

  let renewing: Promise<void> | undefined;
  /** One at a time, whoever asks. */
  const renewOnce = (): Promise<void> => {
    renewing ??= renew().finally(() => {
      renewing = undefined;
    });
    return renewing;
  };
  const notRenewed = (err: unknown): void => logger.warn({ err }, 'presence leases not renewed');

  const timers = [
    every(leaseMs / 3, clock, renewOnce, notRenewed),
    every(leaseMs / 3, clock, sweep, (err) => logger.warn({ err }, 'presence not swept')),
  ];

  return {
    arrive(session, recorded) {
      registry.add(session);
      const entry: Entry = {
        tail: Promise.resolve(),
        gone: false,
        stored: false,
        leaseUntil: 0,
        recorded,
        greeted: false,
      };
      entries.set(session, entry);
      void enqueue(session, entry, () => put(session, entry)).then(() => {
        tell(entry);
        return entry.gone ? undefined : lifecycle.deviceArrived(session);
      });
    },

    declared(session) {
      const entry = entries.get(session);
      if (!entry) return;
      void enqueue(session, entry, () => put(session, entry)).then(() =>
        entry.gone ? undefined : lifecycle.deviceArrived(session),
      );
    },

    leave(session) {
      registry.remove(session);
      const entry = entries.get(session);
      if (!entry) return;
      entries.delete(session);
      entry.gone = true;
      const departed = rooms.depart(session);
      const done = enqueue(session, entry, async () => {
        const { last } = await presence.remove(session.present(nodeId), clock.now());
        if (last) announcer.note({ userId: session.identity.id, online: false });
      })
        .then(() => lifecycle.deviceLost(session))
        .then(() => departed)
        .finally(() => leaving.delete(done));
      leaving.add(done);
    },

    renew() {
      renewOnce().catch(notRenewed);
    },

    async settled() {
      await Promise.allSettled([...leaving, ...[...entries.values()].map(({ tail }) => tail)]);
    },

    async [Symbol.asyncDispose]() {
      await Promise.all(timers.map((timer) => timer[Symbol.asyncDispose]()));
      await renewing?.catch(() => undefined);
    },
  };
}
