import type { Clock } from '@switchboard/ports';
import {
  busConformance,
  liveCallsConformance,
  presenceConformance,
  rateLimitsConformance,
  roomPresenceConformance,
} from '@switchboard/ports/conformance';
import { describe } from 'vitest';
import {
  createManualClock,
  createMemoryBus,
  createMemoryLiveCalls,
  createMemoryPresence,
  createMemoryRateLimits,
  createMemoryRoomPresence,
} from './index.ts';

const wallClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
const dispose = async (): Promise<void> => undefined;

describe('in memory', { retry: 0 }, () => {
  busConformance('memory', async () => {
    const bus = createMemoryBus({ clock: wallClock });
    return { connect: async () => bus, dispose: () => bus.close() };
  });
  liveCallsConformance('memory', async () => ({ liveCalls: createMemoryLiveCalls(), dispose }));
  presenceConformance('memory', async () => ({ presence: createMemoryPresence(), dispose }));
  rateLimitsConformance('memory', async () => {
    const clock = createManualClock();
    return { limits: createMemoryRateLimits({ clock }), elapse: (ms) => clock.advance(ms), dispose };
  });
  roomPresenceConformance('memory', async () => ({ roomPresence: createMemoryRoomPresence(), dispose }));
});
