import type {
  DialectName,
  Platform,
  PushDeviceId,
  PushKind,
  PushTarget,
  SessionId,
  UserId,
} from '@switchboard/protocol';

/** Where a push target is reached. Secret, all of it: whoever knows it can wake the device. */
export type DeviceAddress =
  | { readonly kind: 'expo'; readonly token: string }
  | {
      readonly kind: 'web-push';
      readonly endpoint: string;
      /** base64url without padding: an uncompressed point on P-256, and 16 bytes. */
      readonly keys: { readonly p256dh: string; readonly auth: string };
    }
  | {
      readonly kind: 'webhook';
      readonly url: string;
      /** Signs what is sent there, in the form of Standard Webhooks: `whsec_` and base64. */
      readonly secret: string;
    };

/**
 * One push target of one session. Its id stands for this address, user and session for good: an address that is seen under another session is another
 * device with another id, so what was meant for the former owner is not found to have an address any more.
 */
export interface StoredDevice {
  readonly id: PushDeviceId;
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly kind: PushKind;
  readonly platform: Platform;
  /** The vocabulary that the app speaks once a push has woken it. */
  readonly dialect: DialectName;
  readonly name?: string;
  readonly appVersion?: string;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly address: DeviceAddress;
  /** The newest push that was tried. `error`: a short machine word, absent when its service took it. */
  readonly lastPush?: { readonly at: Date; readonly error?: string };
}

/** What other parts of the service may do with devices. Those whose session was not found alive after they were stored are not among them. */
export interface DeviceStore {
  /** At most `DEVICES_PER_USER`, the latest seen first. */
  ofUser(userId: UserId): Promise<StoredDevice[]>;
  /** Those of any of these users, at most 200 of them. */
  ofUsers(userIds: readonly UserId[]): Promise<StoredDevice[]>;
  get(id: PushDeviceId): Promise<StoredDevice | undefined>;
  /** Those of these that are still there, in any order. */
  getAll(ids: readonly PushDeviceId[]): Promise<StoredDevice[]>;
  /** Its service says that it is gone. Again, and of an unknown one, is harmless. */
  remove(id: PushDeviceId): Promise<void>;
  /** It took a push, or a push to it failed with this error. Never moves backwards; of an unknown one harmless. */
  pushed(id: PushDeviceId, at: Date, error?: string): Promise<void>;
}

export const DEVICES_PER_USER = 20;

/** As events name it. */
export function pushTarget({ id, kind, sessionId }: StoredDevice): PushTarget {
  return { id, kind, sessionId };
}
