import type { PushContent, PushDeviceId, PushTarget, UserId } from '@switchboard/protocol';

/** What a push is about. A device has one slot for each: `call:<call id>` or `chat:<conversation id>`. */
export type PushSubject = `call:${string}` | `chat:${string}`;

/** Something that a device is to be told. Subject, order and expiry follow from the content. */
export interface NewPush {
  readonly target: PushTarget;
  readonly userId: UserId;
  readonly content: PushContent;
  /** Not to be sent before, milliseconds since 1970: a ring that waits for a socket to acknowledge, say. Absent: at once. */
  readonly notBefore?: number;
}

/** What a device was told about a subject, as far as is known. */
export interface PushState {
  readonly target: PushTarget;
  readonly userId: UserId;
  /** The newest content. */
  readonly content: PushContent;
  /** Something about the subject was handed to the push service, or is being handed to it: the device may show it. */
  readonly shown: boolean;
}

/**
 * Pushes to be sent, in the database: put is all that a consumer of events does, workers of any instance do the sending.
 *
 * A slot holds the newest content alone. What comes later replaces what was not sent yet, and never the other way round: contents of a subject are in
 * order (call.incoming < call.cancelled < call.missed; message by seq, conversation.read behind the message that it reads up to), and one
 * that is not newer than what the slot has is ignored. So putting the same twice, or an older one late, changes nothing.
 *
 * - call.incoming past its `expiresAt` is not sent; neither is one that a later content replaces or that is withdrawn before it was sent.
 * - call.cancelled is sent only to a device that may ring: where no call.incoming was sent or is in hand, it only keeps a late call.incoming out.
 * - conversation.read is sent only to a device that may show a message of the conversation; where nothing was, an unsent message is dropped, and where
 *   there is no slot, nothing happens.
 * - At the moment of sending the device must exist and still be of this user and this session.
 *
 * Delivery: at least once while the content is the newest and not expired; what was recorded as sent is not sent again. The same content is sent with
 * the same idempotency key, however often.
 */
export interface Pushes {
  /** Resolves when all are stored. Any number; written in bounded batches. Rejects with a retryable SERVICE_UNAVAILABLE while the database is away. */
  put(pushes: readonly NewPush[]): Promise<void>;
  /** What these devices were to be told about the subject is not sent, if it is not sent or in hand yet, and `detail` (≤64 characters) says why. Putting the same again changes nothing. */
  withdraw(subject: PushSubject, deviceIds: readonly PushDeviceId[], detail: string): Promise<void>;
  /** Slots of the subject, of one user or of all; at most `limit` (default 1 000). */
  of(
    subject: PushSubject,
    options?: { readonly userId?: UserId; readonly limit?: number },
  ): Promise<PushState[]>;
}

export function subjectOf(content: PushContent): PushSubject {
  switch (content.type) {
    case 'call.incoming':
    case 'call.cancelled':
    case 'call.missed':
      return `call:${content.callId}`;
    default:
      return `chat:${content.conversationId}`;
  }
}
