import { createOwner, type EventFollower, every, type MongoHandle } from '@switchboard/service-kit';
import { fanOutModel } from '../store/fan-out-model.ts';
import { createFanOutStore } from '../store/fan-out-store.ts';
import { ringModel } from '../store/ring-model.ts';
import { createRingStore } from '../store/ring-store.ts';
import { callFollower } from './call-follower.ts';
import { startFanOutWorker } from './fan-out-worker.ts';
import { lookForLostEnds } from './lost-ends.ts';
import { messageFollower } from './message-follower.ts';
import type { PlanningParts } from './planning-parts.ts';

export interface PlanningOptions extends PlanningParts {
  readonly mongo: Pick<MongoHandle, 'connection' | 'ensureIndexes'>;
  /** How long a connected device may take to say that it rings before it is pushed the ring, too. */
  readonly ringAckMs: number;
}

export interface Planning extends AsyncDisposable {
  /** What plans events; not to be used any more once this is disposed. */
  readonly followers: readonly EventFollower[];
}

const LOOK_EVERY_MS = 5_000;

/** Decides who is pushed what. Any number of instances share the events and what is due. */
export async function startPlanning({ mongo, ringAckMs, ...parts }: PlanningOptions): Promise<Planning> {
  const { clock, logger } = parts;
  const ringDocs = ringModel(mongo.connection);
  const fanOutDocs = fanOutModel(mongo.connection);
  await mongo.ensureIndexes([ringDocs, fanOutDocs]);
  const ringParts = { ...parts, rings: createRingStore(ringDocs, () => clock.now()), ringAckMs };
  const messageParts = { ...parts, fanOuts: createFanOutStore(fanOutDocs, () => clock.now()) };

  const owner = createOwner();
  owner.own(
    every(
      LOOK_EVERY_MS,
      clock,
      () => lookForLostEnds(ringParts),
      (err) => logger.warn({ err }, 'overdue rings could not be looked at'),
    ),
  );
  const worker = owner.own(startFanOutWorker(messageParts));
  return {
    followers: [
      callFollower(ringParts),
      messageFollower({ ...messageParts, wakeWorker: () => worker.wake() }),
    ],
    [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
  };
}
