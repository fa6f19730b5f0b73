import type { Bus, Clock } from '@switchboard/ports';
import { type ConversationId, type MessageId, SwitchboardError } from '@switchboard/protocol';
import type { Logger } from '@switchboard/service-kit';

interface Delivered {
  readonly conversationId: ConversationId;
  readonly messageId: MessageId;
}

/** Tells chat which messages reached a device of their receiver. */
export interface DeliveredBatch extends AsyncDisposable {
  add(delivered: Delivered): void;
}

const BATCH_MS = 50;
const RETRY_MS = 2000;
const BATCH_MAX = 500;
/** While chat is away; beyond it the oldest are forgotten, and their messages count as delivered when they are read. */
const WAITING_MAX = 20_000;

export function createDeliveredBatch(bus: Bus, clock: Clock, logger: Logger): DeliveredBatch {
  let waiting: Delivered[] = [];
  let timer: Disposable | undefined;
  let sending: Promise<void> = Promise.resolve();
  let closed = false;

  const arm = (ms: number): void => {
    if (timer || closed || waiting.length === 0) return;
    timer = clock.after(ms, () => {
      timer = undefined;
      sending = sending.then(send);
    });
  };

  const send = async (): Promise<void> => {
    while (waiting.length > 0) {
      const deliveries = waiting.slice(0, BATCH_MAX);
      waiting = waiting.slice(BATCH_MAX);
      try {
        const reply = await bus.request('chat.delivered', { deliveries });
        if (!reply.ok && reply.error.retryable) throw new SwitchboardError(reply.error);
      } catch (err) {
        waiting = [...deliveries, ...waiting].slice(-WAITING_MAX);
        logger.warn({ err, waiting: waiting.length }, 'deliveries not recorded, trying again');
        return arm(RETRY_MS);
      }
    }
  };

  return {
    add(delivered) {
      waiting.push(delivered);
      if (waiting.length > WAITING_MAX * 2) waiting = waiting.slice(-WAITING_MAX);
      arm(BATCH_MS);
    },
    /** One last attempt: what chat does not take now is forgotten. */
    async [Symbol.asyncDispose]() {
      closed = true;
      timer?.[Symbol.dispose]();
      await sending;
      await send();
    },
  };
}
