import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createMemoryBus,
  createMemoryLiveCalls,
  createMemoryPresence,
  createMemoryRateLimits,
  createMemoryRoomPresence,
} from '@switchboard/engine-memory';
import type { Bus } from '@switchboard/ports';
import { systemClock as clock, createLogger, createMetrics } from '@switchboard/service-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LiveCall } from './calls/live-call.ts';
import { signalingConfig } from './config.ts';
import { type SignalingOverrides, startSignaling } from './start-signaling.ts';
import { TEST_SECRET } from './testing/accounts.ts';
import { startTestMongo } from './testing/test-node.ts';

/** The bus, and how many of the handlers given to it are still there. */
function counted(bus: Bus): { readonly bus: Bus; readonly open: () => number; readonly most: () => number } {
  let open = 0;
  let most = 0;
  const held = <T extends AsyncDisposable>(part: T): T => {
    open++;
    most = Math.max(most, open);
    let gone = false;
    return {
      ...part,
      async [Symbol.asyncDispose]() {
        if (!gone) open--;
        gone = true;
        await part[Symbol.asyncDispose]();
      },
    };
  };
  return {
    open: () => open,
    most: () => most,
    bus: {
      ...bus,
      serve: async (...args) => held(await bus.serve(...args)),
      consume: async (...args) => held(await bus.consume(...args)),
      listen: async (...args) => held(await bus.listen(...args)),
    } as Bus,
  };
}

describe('starting a signaling process', () => {
  let mongo: Awaited<ReturnType<typeof startTestMongo>>;
  beforeAll(async () => {
    mongo = await startTestMongo();
  });
  afterAll(() => mongo[Symbol.asyncDispose]());

  let memory: ReturnType<typeof createMemoryBus>;
  let handlers: ReturnType<typeof counted>;
  let overrides: SignalingOverrides;
  beforeEach(() => {
    memory = createMemoryBus({ clock });
    handlers = counted(memory);
    overrides = {
      bus: handlers.bus,
      clock,
      logger: createLogger({ level: 'silent', service: 'test', nodeId: 'test' }),
      metrics: createMetrics({ service: 'test' }),
      mongo,
      liveCalls: createMemoryLiveCalls<LiveCall>(),
      presence: createMemoryPresence(),
      roomPresence: createMemoryRoomPresence(),
      rates: createMemoryRateLimits({ clock }),
    };
  });
  afterEach(() => memory.close());

  const config = (env: Record<string, string> = {}) =>
    signalingConfig.parse({ HOST: '127.0.0.1', PORT: '0', JWT_SECRET: TEST_SECRET, ...env });

  it('leaves nothing behind when its port is taken', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = holder.address() as AddressInfo;
      const starting = startSignaling(config({ PORT: String(port) }), overrides);
      await expect(starting).rejects.toThrow(/is taken/);
      expect(handlers.most()).toBeGreaterThan(1);
      expect(handlers.open()).toBe(0);
    } finally {
      await new Promise((resolve) => holder.close(resolve));
    }
  });

  it('leaves nothing behind when the node itself cannot be made', async () => {
    const refusing: Bus = {
      ...handlers.bus,
      consume: async () => {
        throw new Error('no consumers today');
      },
    };
    await expect(startSignaling(config(), { ...overrides, bus: refusing })).rejects.toThrow(
      'no consumers today',
    );
    expect(handlers.most()).toBeGreaterThan(0);
    expect(handlers.open()).toBe(0);
  });

  it('lets go of everything when it is closed', async () => {
    const running = await startSignaling(config(), overrides);
    expect(handlers.open()).toBeGreaterThan(1);
    await running[Symbol.asyncDispose]();
    expect(handlers.open()).toBe(0);
    await expect(fetch(`${running.url}/healthz`)).rejects.toThrow();
  });
});
