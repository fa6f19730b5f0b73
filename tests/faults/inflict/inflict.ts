import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Child } from '@switchboard/deploy-cluster';
import { consumersLed, ledConsumers } from './consumers-led.ts';
import type { CuttableLine } from './cuttable-line.ts';
import type { Ground } from './ground.ts';
import type { Fault } from './schedule.ts';

const run = promisify(execFile);
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export interface Scene {
  readonly ground: Ground;
  /** Between one signaling node and NATS. */
  readonly line: CuttableLine;
  readonly dataDir: string;
  /** Pushes that were begun and are not answered. */
  readonly pushesInHand: () => number;
}

/** There is always something to push soon. */
const PUSH_WITHIN_MS = 3_000;

/** Does it, and undoes it; resolves when what was hit is back. */
export async function inflict({ kind, which, holdMs, silent }: Fault, scene: Scene): Promise<void> {
  const { ground, line, dataDir, pushesInHand } = scene;
  const { auth, chat, notification, signaling, nats, redis, database, gateway } = ground.cluster;
  const one = <T>(all: readonly T[]): T => {
    const chosen = all[Math.floor(which * all.length)];
    if (chosen === undefined) throw new RangeError('there is none of these');
    return chosen;
  };
  const killed = async (
    children: readonly Child[],
    meanwhile?: () => Promise<void>,
    restored?: () => Promise<void>,
  ): Promise<void> => {
    await Promise.all(children.map((child) => ground.kill(child)));
    await meanwhile?.();
    await pass(holdMs);
    await Promise.all(children.map((child) => ground.bringBack(child, restored)));
  };
  const paused = async (child: Child): Promise<void> => {
    await ground.pause(child);
    await pass(holdMs);
    await ground.goOn(child);
  };

  switch (kind) {
    case 'signaling-kill':
      return killed([one(signaling)]);
    case 'signaling-pause':
      return paused(one(signaling));
    case 'chat-kill':
      return killed([one(chat)]);
    case 'auth-kill':
      return killed([one(auth)]);
    case 'notification-kill':
      for (const deadline = performance.now() + PUSH_WITHIN_MS; pushesInHand() === 0; ) {
        if (performance.now() > deadline) break;
        await pass(5);
      }
      return killed([one(notification)]);
    case 'nats-kill-one':
      return killed([one(nats)]);
    case 'nats-kill-all':
      return killed(nats);
    case 'nats-emptied': {
      const monitors = ground.cluster.natsMonitors;
      const before = await ledConsumers(monitors).catch(() => 0);
      return killed(
        nats,
        async () => {
          for (const { name } of nats) {
            await rm(join(dataDir, name), { recursive: true, force: true });
            await mkdir(join(dataDir, name));
          }
        },
        // The services make their consumers anew at once; three servers take their time to agree on who leads each.
        () => consumersLed(monitors, before),
      );
    }
    case 'redis-kill':
    case 'redis-away':
      return killed([one(redis)]);
    case 'redis-emptied':
      for (const url of ground.cluster.redisUrl.split(',')) {
        await run('redis-cli', ['-p', new URL(url).port, 'flushall']);
      }
      return;
    case 'database-kill':
      return database && killed([database]);
    case 'database-pause':
      return database && paused(database);
    case 'gateway-kill':
      return killed([gateway]);
    case 'node-cut-off':
      line.cut(silent);
      await pass(holdMs);
      return line.mend();
    case 'rolling-restart':
      for (const child of ground.cluster.all) {
        await ground.kill(child, 'SIGTERM');
        await ground.bringBack(child);
        // Next only when all can do without it.
        await ground.healed();
      }
      return;
  }
}
