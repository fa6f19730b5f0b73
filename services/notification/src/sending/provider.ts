import type { PushContent } from '@switchboard/protocol';
import type { StoredDevice } from '../devices/device-store.ts';
import type { Outcome } from './outcome.ts';

/** One push to one device, now. */
export interface Sendable {
  /** The same however often the same is sent; whoever gets it twice can tell. At most 200 characters of `[\w:-]`. */
  readonly key: string;
  /** The same for everything about one subject on one device, so that services can let the later replace the earlier: 32 characters of base64url. */
  readonly topic: string;
  readonly content: PushContent;
  readonly device: StoredDevice;
  /** Milliseconds since 1970; later than now. */
  readonly expiresAt: number;
}

/** How pushes of one kind are sent. */
export interface Provider {
  /** Pushes that share it share their service's slowness, limits and circuit breaker. */
  laneOf(device: StoredDevice): string;
  /** Pushes in one request. */
  readonly batch: number;
  /** Requests at once to one lane: about calls, and about anything. */
  readonly requests: { readonly call: number; readonly chat: number };
  /** One request. An outcome for each, in order; never rejects. Done within `REQUEST_MS`, or soon after the signal. */
  send(pushes: readonly Sendable[], signal: AbortSignal): Promise<readonly Outcome[]>;
}

/** From the first byte out to the last byte in. */
export const REQUEST_MS = 10_000;
