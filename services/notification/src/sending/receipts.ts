import type { Bus, Clock } from '@switchboard/ports';
import { PushDeviceId } from '@switchboard/protocol';
import { every, type Logger } from '@switchboard/service-kit';
import type { DeviceStore } from '../devices/device-store.ts';
import type { ClaimedReceipt, PushReceiptStore } from '../store/push-receipt-store.ts';
import type { ExpoProvider, ReceiptAnswer } from './providers/expo.ts';
import type { PushMetrics } from './push-metrics.ts';
import { pushedEvent } from './pushed-event.ts';

const LEASE_MS = 60_000;
/** Asked again when Expo does not know yet, until it cannot know any more. */
const AGAIN_MS = 1_800_000;
const GIVE_UP_MS = 24 * 3_600_000;

export interface ReceiptsOptions {
  readonly store: PushReceiptStore;
  readonly expo: ExpoProvider;
  readonly devices: Pick<DeviceStore, 'remove' | 'pushed'>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PushMetrics;
  readonly pollMs: number;
}

/** Asks Expo what became of the pushes that it took, when it should know. */
export function startReceipts(options: ReceiptsOptions): AsyncDisposable {
  const { store, expo, devices, bus, clock, logger, metrics, pollMs } = options;
  const giveUp = new AbortController();
  let failing = false;

  /** Before it is forgotten: told twice, after a crash, rather than never. */
  const settle = async (
    receipt: ClaimedReceipt,
    answer: Exclude<ReceiptAnswer, { step: 'unknown' }>,
  ): Promise<void> => {
    metrics.receipt(answer.step);
    const detail = answer.step === 'failed' ? answer.detail : undefined;
    const event = pushedEvent(receipt, receipt.content, answer.step, detail, clock);
    if (event) await bus.publish(event);
    const id = PushDeviceId.parse(receipt.deviceId);
    if (answer.step !== 'failed') return;
    if (answer.gone) await devices.remove(id);
    else await devices.pushed(id, new Date(clock.now()), answer.detail);
  };

  const askOnce = async (): Promise<boolean> => {
    const claimed = await store.claim(clock.now(), LEASE_MS, expo.receiptBatch);
    if (claimed.length === 0) return false;
    const answers = await expo.receipts(
      claimed.map(({ ticketId }) => ticketId),
      giveUp.signal,
    );
    const over: string[] = [];
    const later: string[] = [];
    for (const receipt of claimed) {
      const answer = answers.get(receipt.ticketId) ?? { step: 'unknown' };
      if (answer.step !== 'unknown') {
        await settle(receipt, answer);
        over.push(receipt.ticketId);
      } else if (clock.now() - receipt.createdAt.getTime() > GIVE_UP_MS) {
        metrics.receipt('unknown');
        over.push(receipt.ticketId);
      } else later.push(receipt.ticketId);
    }
    await store.remove(over);
    await store.postpone(later, clock.now() + AGAIN_MS);
    return claimed.length === expo.receiptBatch;
  };

  const asking = every(
    pollMs,
    clock,
    async () => {
      while (!giveUp.signal.aborted && (await askOnce()));
      failing = false;
    },
    (err) => {
      // What was claimed comes due again with the end of its lease.
      if (!failing && !giveUp.signal.aborted) logger.warn({ err }, 'asking for push receipts failed');
      failing = true;
    },
  );
  return {
    async [Symbol.asyncDispose]() {
      giveUp.abort();
      await asking[Symbol.asyncDispose]();
    },
  };
}
