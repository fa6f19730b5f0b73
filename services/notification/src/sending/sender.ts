import { setMaxListeners } from 'node:events';
import type { Clock } from '@switchboard/ports';
import { PushDeviceId, type PushKind } from '@switchboard/protocol';
import { every, type Logger } from '@switchboard/service-kit';
import type { DeviceStore, StoredDevice } from '../devices/device-store.ts';
import type { PushDoc } from '../store/push-model.ts';
import type { PushStore } from '../store/push-store.ts';
import type { PushQueue } from './content-rules.ts';
import { endedBeforeSending, endingOf, expired, parked } from './endings.ts';
import type { Lane } from './lane.ts';
import { Lanes } from './lanes.ts';
import type { Outcome } from './outcome.ts';
import { type Provider, REQUEST_MS, type Sendable } from './provider.ts';
import { idempotencyKey, topicOf } from './push-key.ts';
import type { PushMetrics } from './push-metrics.ts';
import type { Ended, Recorder } from './recorder.ts';

/** How long a worker may have a slot in hand. Much longer than a request takes. */
const LEASE_MS = 30_000;
/** Sending begins only while the lease lasts beyond the request's end, however long this process was held up since the claim. */
const LATEST_START_MS = LEASE_MS - REQUEST_MS - 5_000;
/** Pushes in hand at once: the memory that sending takes. */
const IN_HAND: Record<PushQueue, number> = { call: 400, chat: 600 };
const CLAIM = 200;
/** How many of a lane are claimed that this process has not met yet. */
const FIRST_CLAIM = 2;
/** Until what found no place is looked at again, when nothing else says when. */
const PARKED_MS = 1_000;
/** For requests in hand on the way down. */
const SETTLE_MS = 5_000;
/** And for writing down what became of them. */
const RECORD_MS = 3_000;

export interface SenderOptions {
  readonly store: PushStore;
  readonly devices: Pick<DeviceStore, 'getAll' | 'remove' | 'pushed'>;
  readonly providers: Readonly<Record<PushKind, Provider>>;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PushMetrics;
  /** Pause between looks for what is due. */
  readonly pollMs: number;
}

/** Sends what is due. Any number of them may run on one database. */
export interface Sender extends AsyncDisposable {
  /** Looks at once. */
  wake(): void;
}

export function createSender(options: SenderOptions): Sender {
  const { store, devices, providers, recorder, clock, logger, metrics, pollMs } = options;
  const lanes = new Lanes();
  const inHand: Record<PushQueue, number> = { call: 0, chat: 0 };
  const running = new Set<Promise<void>>();
  const giveUp = new AbortController();
  // Each push in hand listens.
  setMaxListeners(IN_HAND.call + IN_HAND.chat, giveUp.signal);
  let stopped = false;
  let looking = Promise.resolve();
  let isLooking = false;
  let lookAgain = false;
  let failing = false;

  metrics.observe({
    inHand: () => inHand.call + inHand.chat,
    lanesOpen: () => lanes.openCount(clock.now()),
  });

  const look = async (): Promise<void> => {
    do {
      lookAgain = false;
      try {
        // What is about calls always first, and again after each round of the others.
        let more = true;
        while (more && !stopped && !recorder.behind) {
          const calls = await round('call');
          const chats = await round('chat');
          more = calls || chats;
        }
        failing = false;
      } catch (err) {
        if (!failing) logger.warn({ err }, 'pushes wait for the database');
        failing = true;
      }
    } while (lookAgain && !stopped);
    isLooking = false;
  };

  const wake = (): void => {
    lookAgain = true;
    if (stopped || isLooking) return;
    isLooking = true;
    looking = look();
  };

  /** Takes into hand and begins to send what there is room for. Returns whether there may be more. */
  const round = async (queue: PushQueue): Promise<boolean> => {
    const now = clock.now();
    const room = Math.min(IN_HAND[queue] - inHand[queue], CLAIM);
    if (room <= 0) return false;
    const found = await store.due(queue, now, lanes.full(queue, now), room);
    const left = new Map<string, number>();
    const chosen = found.filter(({ lane }) => {
      if (lane === undefined) return true;
      const before = left.get(lane) ?? roomOf(lane, queue, now);
      left.set(lane, before - 1);
      return before > 0;
    });
    if (chosen.length === 0) return false;
    const ids = chosen.map(({ _id }) => _id);
    const slots = await store.claim(ids, now, LEASE_MS);
    if (slots.length === 0) return false;
    inHand[queue] += slots.length;
    let owners: ReadonlyMap<string, StoredDevice>;
    try {
      owners = await devicesOf(slots);
    } catch (error) {
      finish(
        queue,
        slots.map((slot) => parked(slot, slot.lane, clock.now(), clock)),
      );
      throw error;
    }
    const begun = dispatch(queue, slots, owners, now);
    return begun && found.length > 0;
  };

  const roomOf = (key: string, queue: PushQueue, now: number): number => {
    const lane = lanes.get(key);
    return lane ? lanes.free(lane, queue, now) * lane.batch : FIRST_CLAIM;
  };

  const devicesOf = async (slots: readonly PushDoc[]): Promise<ReadonlyMap<string, StoredDevice>> => {
    const ids = new Set(slots.map(({ deviceId }) => deviceId));
    const found = await devices.getAll([...ids].map((id) => PushDeviceId.parse(id)));
    return new Map(found.map((device) => [device.id, device]));
  };

  /** Returns whether anything was begun or ended, rather than put back. */
  const dispatch = (
    queue: PushQueue,
    slots: readonly PushDoc[],
    owners: ReadonlyMap<string, StoredDevice>,
    claimedAt: number,
  ): boolean => {
    const now = clock.now();
    const over: Ended[] = [];
    const byLane = new Map<Lane, { provider: Provider; sendable: [PushDoc, Sendable][] }>();
    for (const slot of slots) {
      const device = owners.get(slot.deviceId);
      if (device?.userId !== slot.userId || device.sessionId !== slot.sessionId) {
        over.push(endedBeforeSending(slot, { step: 'dropped', detail: 'device_gone' }, clock));
      } else if (slot.expiresAt.getTime() <= now) over.push(endedBeforeSending(slot, expired(slot), clock));
      else {
        const provider = providers[device.kind];
        const lane = lanes.of(provider.laneOf(device), provider, now);
        const group = byLane.get(lane) ?? { provider, sendable: [] };
        byLane.set(lane, group);
        group.sendable.push([slot, sendableOf(slot, device)]);
      }
    }
    const putBack: Ended[] = [];
    let begun = over.length > 0;
    for (const [lane, { provider, sendable }] of byLane) {
      for (let from = 0; from < sendable.length; from += lane.batch) {
        const chunk = sendable.slice(from, from + lane.batch);
        if (lanes.free(lane, queue, now) > 0 && now - claimedAt < LATEST_START_MS) {
          begin(queue, lane, provider, chunk);
          begun = true;
        } else {
          const at = lane.open(now) ? lane.openUntil : lane.inHand > 0 ? now : now + PARKED_MS;
          putBack.push(...chunk.map(([slot]) => parked(slot, lane.key, at, clock)));
        }
      }
    }
    for (const { ending, content, kind } of over) metrics.ended(kind, content, ending.step);
    finish(queue, [...over, ...putBack]);
    return begun;
  };

  const begin = (
    queue: PushQueue,
    lane: Lane,
    provider: Provider,
    chunk: readonly [PushDoc, Sendable][],
  ): void => {
    lane.begin(queue);
    const sendables = chunk.map(([, sendable]) => sendable);
    keep(
      (async () => {
        const outcomes = await provider.send(sendables, giveUp.signal);
        const now = clock.now();
        await settleLane(queue, lane, outcomes, now);
        const ended = chunk.map(([slot, { device }], n) => {
          const outcome = outcomes[n] ?? NO_ANSWER;
          metrics.ended(slot.kind, slot.content.type, outcome.step, now - slot.since.getTime());
          return endingOf(slot, device, outcome, lane, clock);
        });
        await recorder.record(ended);
        await tellDevices(chunk, outcomes, now);
        release(queue, ended.length);
      })(),
    );
  };

  const settleLane = async (
    queue: PushQueue,
    lane: Lane,
    outcomes: readonly Outcome[],
    now: number,
  ): Promise<void> => {
    if (giveUp.signal.aborted) {
      lane.leave(queue);
      return;
    }
    const complaints = outcomes.flatMap((outcome) =>
      outcome.step === 'retry' && outcome.lane ? [outcome] : [],
    );
    const waits = complaints.flatMap(({ afterMs, pause }) => (pause ? (afterMs ?? []) : []));
    const opened = lane.end(
      queue,
      complaints.length === 0,
      now,
      waits.length > 0 ? Math.max(...waits) : undefined,
    );
    if (!opened) return;
    logger.warn(
      { lane: lane.key, reason: complaints[0]?.detail, ms: lane.openUntil - now },
      'a push service is left alone',
    );
    await store.park(lane.key, now, lane.openUntil).catch(() => undefined);
  };

  const tellDevices = async (
    chunk: readonly [PushDoc, Sendable][],
    outcomes: readonly Outcome[],
    now: number,
  ): Promise<void> => {
    await Promise.allSettled(
      chunk.map(([, { device }], n) => {
        const outcome = outcomes[n];
        if (outcome?.step === 'failed' && outcome.gone) return devices.remove(device.id);
        if (outcome?.step === 'retry') return Promise.resolve();
        return devices.pushed(
          device.id,
          new Date(now),
          outcome?.step === 'failed' ? outcome.detail : undefined,
        );
      }),
    );
  };

  const finish = (queue: PushQueue, ended: readonly Ended[]): void => {
    if (ended.length === 0) return;
    keep(
      recorder.record(ended).then(() => {
        release(queue, ended.length);
      }),
    );
  };

  const release = (queue: PushQueue, count: number): void => {
    inHand[queue] -= count;
    wake();
  };

  const keep = (work: Promise<void>): void => {
    const kept = work
      .catch((err: unknown) => logger.error({ err }, 'sending pushes failed'))
      .finally(() => running.delete(kept));
    running.add(kept);
  };

  const poll = every(
    pollMs,
    clock,
    async () => wake(),
    () => undefined,
  );

  return {
    wake,
    async [Symbol.asyncDispose]() {
      stopped = true;
      recorder.giveUpAt(clock.now() + SETTLE_MS + RECORD_MS);
      await poll[Symbol.asyncDispose]();
      await looking;
      const timer = clock.after(SETTLE_MS, () => giveUp.abort());
      await Promise.all(running);
      timer[Symbol.dispose]();
    },
  };
}

const NO_ANSWER: Outcome = { step: 'retry', detail: 'no_answer', uncertain: true, lane: true };

function sendableOf(slot: PushDoc, device: StoredDevice): Sendable {
  return {
    key: idempotencyKey(slot),
    topic: topicOf(slot),
    content: slot.content,
    device,
    expiresAt: slot.expiresAt.getTime(),
  };
}
