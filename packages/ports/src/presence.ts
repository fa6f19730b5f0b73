import type { DeviceId, DialectName, NodeId, SessionId, UserId } from '@switchboard/protocol';

/** One live socket as every node sees it. `dialect` null: it has not yet said which vocabulary it speaks. */
export interface PresentDevice {
  readonly deviceId: DeviceId;
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly nodeId: NodeId;
  readonly dialect: DialectName | null;
}

/**
 * Who is connected, as leases: a device is present until removed or until its lease lapses unrenewed, so a dead node's
 * devices go by themselves. And when each node last said that it lives, for whoever cannot wait for a lease.
 *
 * Atomicity per user: of two devices added at once exactly one is told `first`, of two removed exactly one `last`.
 * Failure: rejects with a retryable SERVICE_UNAVAILABLE.
 */
export interface Presence {
  /** Adds or replaces the device. `first`: the user had no live device before. */
  put(device: PresentDevice, leaseUntil: number, now: number): Promise<{ first: boolean }>;
  /** Renews what is still known; returns the devices that are not (expired or emptied store), for the caller to put again. */
  renew(deviceIds: readonly PresentDevice[], leaseUntil: number, now: number): Promise<PresentDevice[]>;
  /** `last`: the user has no live device left. Removing an unknown device is harmless and never `last`. */
  remove(device: PresentDevice, now: number): Promise<{ last: boolean }>;
  devicesOf(userId: UserId, now: number): Promise<PresentDevice[]>;
  online(now: number): Promise<UserId[]>;
  /** Drops lapsed leases; returns the users who thereby went offline, each to one caller only. */
  sweep(now: number): Promise<UserId[]>;
  /** The node lives. `known`: its last beat was still there; otherwise this is its first, or the store has lost what it knew. */
  beat(nodeId: NodeId, now: number): Promise<{ known: boolean }>;
  /**
   * For how long (ms) the node has not said that it lives, by the store's own clock where it has one, so that clocks of nodes may differ; kept for an hour
   * at least. All beats share one fate: what keeps one from the store, or takes it away, does so with all.
   */
  silentFor(nodeId: NodeId, now: number): Promise<number | undefined>;
}
