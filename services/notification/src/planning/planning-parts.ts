import type { Bus, Clock } from '@switchboard/ports';
import type { Logger, UserDirectory } from '@switchboard/service-kit';
import type { DeviceStore } from '../devices/device-store.ts';
import type { PreferenceStore } from '../preferences/preference-store.ts';
import type { Pushes } from '../sending/pushes.ts';
import type { FanOutStore } from '../store/fan-out-store.ts';
import type { RingStore } from '../store/ring-store.ts';

/** What planning works with. */
export interface PlanningParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: UserDirectory;
  readonly devices: DeviceStore;
  readonly preferences: PreferenceStore;
  readonly pushes: Pushes;
}

export interface RingParts extends PlanningParts {
  readonly rings: RingStore;
  /** How long a connected device may take to say that it rings before it is pushed the ring, too. */
  readonly ringAckMs: number;
}

export interface MessageParts extends PlanningParts {
  readonly fanOuts: FanOutStore;
  /** Followers of a conversation are to be told now. */
  readonly wakeWorker: () => void;
}
