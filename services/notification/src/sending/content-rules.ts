import type { PushContent } from '@switchboard/protocol';

/** Calls ring now or never, so what is about them is not queued behind messages. */
export type PushQueue = 'call' | 'chat';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Past it nobody is to be told any more; also what push services are told as the time to live. A ring's comes with it. */
const LIFETIME_MS: Record<Exclude<PushContent['type'], 'call.incoming'>, number> = {
  'call.cancelled': DAY_MS,
  'call.missed': 7 * DAY_MS,
  message: 3 * DAY_MS,
  'conversation.read': DAY_MS,
};

export function queueOf({ type }: PushContent): PushQueue {
  return type.startsWith('call.') ? 'call' : 'chat';
}

/** Orders the contents of one subject: a higher one replaces a lower one. Positive; the read of a message stands between it and the next. */
export function rankOf(content: PushContent): number {
  switch (content.type) {
    case 'call.incoming':
      return 1;
    case 'call.cancelled':
      return 2;
    case 'call.missed':
      return 3;
    case 'message':
      return 2 * content.seq;
    case 'conversation.read':
      return 2 * content.upToSeq + 1;
  }
}

/** Milliseconds since 1970. */
export function expiryOf(content: PushContent, now: number): number {
  return content.type === 'call.incoming' ? Date.parse(content.expiresAt) : now + LIFETIME_MS[content.type];
}

/** Whether the device shows something, or rings, because of it; the others take something away. */
export function isShown(type: PushContent['type']): boolean {
  return type !== 'call.cancelled' && type !== 'conversation.read';
}
