import type { LiveCalls } from '@switchboard/ports';
import { unavailable } from '@switchboard/protocol';
import type { LiveCall } from '../calls/live-call.ts';

export interface LostReplies {
  /** Stands between the nodes and the store. */
  readonly between: (inner: LiveCalls<LiveCall>) => LiveCalls<LiveCall>;
  /** Of the next change that is stored and is like this no node hears; with `goes`, the store is away from then on. */
  loseNext(isLike: (live: LiveCall) => boolean, goes?: 'goes'): void;
  /** The reply was lost. */
  readonly isLost: boolean;
  /** While true, nothing reaches the store. */
  away: boolean;
}

/** A store that is killed between applying a change and saying so. */
export function createLostReplies(): LostReplies {
  let isLike: ((live: LiveCall) => boolean) | undefined;
  let isLeaving = false;
  const replies: LostReplies = {
    away: false,
    get isLost() {
      return isLike === undefined;
    },
    loseNext(like, goes) {
      isLike = like;
      isLeaving = goes !== undefined;
    },
    between: (inner) =>
      new Proxy(inner, {
        get(target, name) {
          const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
          return async (...args: unknown[]) => {
            if (replies.away) throw unavailable('Redis');
            const result = await method.apply(target, args);
            const next = name === 'compareAndSet' && result === true ? (args[2] as LiveCall | null) : null;
            if (!next || !isLike?.(next)) return result;
            isLike = undefined;
            replies.away = isLeaving;
            throw unavailable('Redis');
          };
        },
      }),
  };
  return replies;
}
