import type { RedisClient } from './connect.ts';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;

/** As much of a client as the adapter uses to subscribe, which remembers what is not confirmed yet. */
export interface Subscriptions {
  ssubscribe(channel: string): void;
  sunsubscribe(channel: string): void;
  on(event: string, listener: (...args: never[]) => void): void;
  /** Resolves when the channel is subscribed to, or not wanted any more; undefined when it is already. */
  pending(channel: string): Promise<void> | undefined;
}

/** The adapter neither waits for its subscriptions nor notices when one fails; here a failed one is tried again for as long as it is wanted. */
export function createSubscriptions(
  subscriber: RedisClient,
  onError: (error: Error) => void = () => {},
): Subscriptions {
  const wanted = new Map<string, symbol>();
  const unconfirmed = new Map<string, Promise<void>>();

  const subscribe = async (channel: string, turn: symbol): Promise<void> => {
    for (let wait = FIRST_RETRY_MS; wanted.get(channel) === turn; wait = Math.min(wait * 2, LAST_RETRY_MS)) {
      try {
        await subscriber.ssubscribe(channel);
        return;
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
        await new Promise<void>((resolve) => void setTimeout(resolve, wait).unref());
      }
    }
  };

  return {
    ssubscribe(channel) {
      const turn = Symbol(channel);
      wanted.set(channel, turn);
      const confirmed = subscribe(channel, turn).finally(() => {
        if (unconfirmed.get(channel) === confirmed) unconfirmed.delete(channel);
      });
      unconfirmed.set(channel, confirmed);
    },
    sunsubscribe(channel) {
      wanted.delete(channel);
      unconfirmed.delete(channel);
      // What a lost connection was subscribed to is asked for again when it is back, but for this.
      subscriber.sunsubscribe(channel).catch(onError);
    },
    on(event, listener) {
      subscriber.on(event, listener as (...args: unknown[]) => void);
    },
    pending: (channel) => unconfirmed.get(channel),
  };
}
