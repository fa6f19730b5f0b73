import { describe } from 'vitest';
import type { Bus } from '../bus.ts';
import { busClosing } from './bus-closing.ts';
import { busEvents } from './bus-events.ts';
import { busNotices } from './bus-notices.ts';
import { busRequests } from './bus-requests.ts';

export interface BusHarness {
  /** A connection of its own to the one bus of this harness; an engine within one process may give the same object each time. */
  connect(): Promise<Bus>;
  /** Closes every connection and forgets all streams. */
  dispose(): Promise<void>;
}

/** What every engine of the bus must do. Runs on real time. */
export function busConformance(name: string, factory: () => Promise<BusHarness>): void {
  describe(`bus: ${name}`, () => {
    busRequests(factory);
    busEvents(factory);
    busNotices(factory);
    busClosing(factory);
  });
}
