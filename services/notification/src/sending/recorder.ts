import type { Clock } from '@switchboard/ports';
import type { Logger, Outbox } from '@switchboard/service-kit';
import type { PushReceipt, PushReceiptStore } from '../store/push-receipt-store.ts';
import type { PushStore } from '../store/push-store.ts';
import type { EndingFacts } from '../store/record-update.ts';

/** What became of a push, to be written down. */
export interface Ended extends EndingFacts {
  /** What its service is to be asked about later. */
  readonly receipt?: PushReceipt;
}

/** Writes down what became of pushes, together what ends together, and does not give up: what is not written down is sent again. */
export interface Recorder {
  /** Resolves when it is written, or given up; never rejects. What is given up is left to the end of the lease. */
  record(ended: readonly Ended[]): Promise<void>;
  /** The database does not take what there is to write: nothing new should be begun. */
  readonly behind: boolean;
  /** This process is on its way down: what the database does not take until then is given up. */
  giveUpAt(time: number): void;
}

const MAX_BATCH = 250;
const AGAIN_MS = { first: 100, most: 2_000 } as const;

export interface RecorderOptions {
  readonly store: PushStore;
  readonly receipts: PushReceiptStore;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createRecorder({ store, receipts, outbox, clock, logger }: RecorderOptions): Recorder {
  /** Bounded by what may be in hand: whoever hands over waits. */
  const waiting: { readonly ended: Ended; readonly written: () => void }[] = [];
  let writing = false;
  let behind = false;
  let last = Number.POSITIVE_INFINITY;

  const write = async (ended: readonly Ended[]): Promise<void> => {
    // Before the slot is given out of hand: the other way round, a crash in between would leave the receipt unasked for.
    await receipts.add(ended.flatMap(({ receipt }) => receipt ?? []));
    await store.record(ended, clock.now());
    for (const { _id, events } of ended) void outbox.flush(_id, events);
  };

  const writeUntilWritten = async (ended: readonly Ended[]): Promise<void> => {
    for (let pause: number = AGAIN_MS.first; ; pause = Math.min(pause * 2, AGAIN_MS.most)) {
      try {
        await write(ended);
        behind = false;
        return;
      } catch (err) {
        if (!behind) logger.warn({ err }, 'what became of pushes waits for the database');
        behind = true;
        if (clock.now() + pause > last) return;
      }
      await new Promise<void>((resolve) => clock.after(pause, resolve));
    }
  };

  const run = async (): Promise<void> => {
    if (writing) return;
    writing = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH);
      await writeUntilWritten(batch.map(({ ended }) => ended));
      for (const { written } of batch) written();
    }
    writing = false;
  };

  return {
    async record(ended) {
      const written = ended.map(
        (each) => new Promise<void>((resolve) => waiting.push({ ended: each, written: resolve })),
      );
      void run();
      await Promise.all(written);
    },
    get behind() {
      return behind;
    },
    giveUpAt(time) {
      last = time;
    },
  };
}
