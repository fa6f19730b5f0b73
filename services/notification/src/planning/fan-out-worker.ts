import { orThrow, type UserId } from '@switchboard/protocol';
import { every } from '@switchboard/service-kit';
import type { FanOut } from '../store/fan-out-store.ts';
import type { MessageParts } from './planning-parts.ts';
import { tellFollowers } from './tell-followers.ts';

/** What was left over, by anybody, is found within this time. */
const LOOK_EVERY_MS = 500;
/** As long as a page takes at worst. */
const LEASE_MS = 30_000;
/** Conversations gone through at once. */
const ABREAST = 4;
/** What 'chat.unread' takes at once. */
const PAGE = 100;
/** Between two rounds of one conversation in which there is always something said. */
const NEXT_ROUND_MS = 500;
const MAX_BACK_OFF_MS = 60_000;

export interface FanOutWorker extends AsyncDisposable {
  /** Something may be due. */
  wake(): void;
}

/**
 * Goes through the followers of conversations in which something was said, a page at a time, and puts what they are to be told. Apart from the consumer, so that a
 * large room delays neither other conversations nor events. Killed in between, its work goes on elsewhere when the lease is over.
 */
export function startFanOutWorker(parts: Omit<MessageParts, 'wakeWorker'>): FanOutWorker {
  const { clock, logger, fanOuts } = parts;
  const working = new Set<Promise<void>>();
  let stopped = false;

  const round = async (fanOut: FanOut): Promise<void> => {
    const { conversationId, failures } = fanOut;
    try {
      if (await throughFollowers(fanOut)) await fanOuts.done(fanOut, clock.now() + NEXT_ROUND_MS);
    } catch (err) {
      logger.warn({ err, conversationId, failures }, 'followers are told of messages later');
      const wait = Math.min(1_000 * 2 ** Math.min(failures, 10), MAX_BACK_OFF_MS);
      await fanOuts.failed(fanOut, clock.now() + wait);
    }
  };

  /** False when it was stopped, or lost the lease. */
  const throughFollowers = async (fanOut: FanOut): Promise<boolean> => {
    const { conversationId } = fanOut;
    let after: UserId | undefined;
    for (;;) {
      if (stopped) return giveBack(fanOut);
      const asked = { conversationId, limit: PAGE, ...(after === undefined ? {} : { after }) };
      const page = orThrow(await parts.bus.request('chat.followers', asked));
      await tellFollowers({ ...parts, wakeWorker: wake }, fanOut, page.userIds);
      after = page.userIds.at(-1);
      if (!page.more || after === undefined) return true;
      if (!(await fanOuts.renew(fanOut, clock.now() + LEASE_MS))) return false;
    }
  };

  const giveBack = async (fanOut: FanOut): Promise<false> => {
    await fanOuts.renew(fanOut, clock.now());
    return false;
  };

  const drainDue = async (): Promise<void> => {
    for (;;) {
      if (stopped) return;
      const fanOut = await fanOuts.claim(clock.now(), LEASE_MS);
      if (!fanOut) return;
      await round(fanOut);
    }
  };

  const start = (): void => {
    if (stopped || working.size >= ABREAST) return;
    const work = drainDue()
      .catch((err: unknown) => logger.warn({ err }, 'due messages could not be looked for'))
      .finally(() => working.delete(work));
    working.add(work);
  };

  function wake(): void {
    start();
  }

  const looking = every(
    LOOK_EVERY_MS,
    clock,
    async () => start(),
    () => undefined,
  );

  return {
    wake,
    async [Symbol.asyncDispose]() {
      stopped = true;
      await looking[Symbol.asyncDispose]();
      await Promise.all(working);
    },
  };
}
