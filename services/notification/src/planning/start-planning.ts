import { collect, type MongoHandle, type Owner } from '@switchboard/service-kit';
import { fanOutModel } from '../store/fan-out-model.ts';
import { createFanOutStore } from '../store/fan-out-store.ts';
import { ringModel } from '../store/ring-model.ts';
import { createRingStore } from '../store/ring-store.ts';
import { planCalls } from './call-consumer.ts';
import { planMessages } from './message-consumer.ts';
import type { PlanningParts } from './planning-parts.ts';

export interface PlanningOptions extends PlanningParts {
  readonly mongo: Pick<MongoHandle, 'connection' | 'ensureIndexes'>;
  /** How long a connected device may take to say that it rings before it is pushed the ring, too. */
  readonly ringAckMs: number;
}

/** Decides who is pushed what. Any number of instances share the events and what is due. */
export async function startPlanning({ mongo, ringAckMs, ...parts }: PlanningOptions): Promise<Owner> {
  const { clock } = parts;
  const ringDocs = ringModel(mongo.connection);
  const fanOutDocs = fanOutModel(mongo.connection);
  await mongo.ensureIndexes([ringDocs, fanOutDocs]);
  const rings = createRingStore(ringDocs, () => clock.now());
  const fanOuts = createFanOutStore(fanOutDocs, () => clock.now());
  return collect(async (owner) => {
    owner.own(await planCalls({ ...parts, rings, ringAckMs }));
    owner.own(await planMessages({ ...parts, fanOuts }));
  });
}
