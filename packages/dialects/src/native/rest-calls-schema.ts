import {
  Call,
  CallDevice,
  CallEndReason,
  CallQuality,
  DialectName,
  PublicUser,
  PushKind,
  PushStep,
  SessionId,
  UserId,
} from '@switchboard/protocol';
import { z } from 'zod';

const time = z.iso.datetime();
const ms = z.number().int().nonnegative();
const count = z.number().int().nonnegative();

/** Estimated mean opinion score, 1 to 5. */
const Mos = z.number().min(1).max(5);

/** What one side measured, and the score it comes to. */
export const CallSideQuality = CallQuality.extend({ mos: Mos.optional(), reportedAt: time });

/** A call with what became of it. */
const CallRecord = Call.extend({
  /** Every device that is known to have sat in it. */
  devices: z.array(CallDevice.extend({ userId: UserId })),
  /** From its beginning to the answer, or to the end of a call that nobody answered. */
  ringMs: ms.optional(),
  /** From the answer to the end. */
  durationMs: ms.optional(),
  /** As its sides reported; `relay` when either needed a TURN server. */
  negotiated: z
    .object({ codecs: z.array(z.string()), path: z.enum(['direct', 'relay']).optional() })
    .optional(),
  /** `mos`: that of the side that heard worse. */
  quality: z
    .object({
      mos: Mos.optional(),
      caller: CallSideQuality.optional(),
      answerer: CallSideQuality.optional(),
    })
    .optional(),
});
/** As one of its parties sees it. */
export const NativeCallRecord = CallRecord.extend({ direction: z.enum(['outgoing', 'incoming']) });
export const NativeCalls = z.object({ calls: z.array(NativeCallRecord), more: z.boolean() });

/** A device of a callee, and what is known of its ringing. */
const RingDevice = z.object({
  /** A socket's or a push target's. */
  id: z.string(),
  target: z.enum(['socket', ...PushKind.options]),
  dialect: DialectName.optional(),
  sessionId: SessionId.optional(),
  /** When the ring was sent to its socket. */
  rungAt: time.optional(),
  /** When it said that it rings. */
  acknowledgedAt: time.optional(),
  answeredAt: time.optional(),
  declinedAt: time.optional(),
  /** When and why its ring ended without it. */
  cancelledAt: time.optional(),
  cancelReason: z
    .enum(['answered_elsewhere', 'rejected_elsewhere', 'cancelled', 'timeout', 'network_error', 'ended'])
    .optional(),
  pushes: z.array(
    z.object({
      content: z.enum(['call.incoming', 'call.cancelled', 'call.missed']),
      step: PushStep,
      at: time,
      detail: z.string().optional(),
    }),
  ),
});
/**
 * What became of the ring for one callee. busy: in another call, or said so. unavailable: had no device that could be rung. answered_elsewhere: another callee
 * was faster.
 */
const RingOutcome = z.enum([
  'ringing',
  'answered',
  'answered_elsewhere',
  'rejected',
  'busy',
  'unavailable',
  'missed',
  'cancelled',
  'network_error',
  'banned',
]);
/** `explanation`: why it rang or did not, in a sentence for people. */
const Ring = z.object({ outcome: RingOutcome, explanation: z.string(), devices: z.array(RingDevice) });
/** `ring`, of a callee: what is known of one's own devices. */
export const NativeCall = z.object({ call: NativeCallRecord, ring: Ring.optional() });
export const NativeQualityTaken = z.object({ quality: CallSideQuality });

export const AdminCalls = z.object({ calls: z.array(CallRecord), more: z.boolean() });
export const AdminCallRings = z.object({
  call: CallRecord,
  rings: z.array(Ring.extend({ user: PublicUser })),
});

const share = z.number().min(0).max(1);
const figure = z.number().nonnegative();
/** Figures that nothing was measured for are absent. */
export const AdminCallQuality = z.object({
  from: time,
  to: time,
  /** Calls that were counted; fewer than there were when `complete` is false, the newest ones then. */
  calls: count,
  complete: z.boolean(),
  answered: count,
  answeredShare: share.optional(),
  endReasons: z.partialRecord(CallEndReason, count),
  /** Answered calls of which a side reported. */
  reported: count,
  mos: z.object({ mean: Mos, median: Mos, p10: Mos }).optional(),
  /** Medians over the sides that reported them. */
  roundTripMs: figure.optional(),
  jitterMs: figure.optional(),
  loss: share.optional(),
  /** Of the calls whose path is known, those that needed a TURN server. */
  relayedShare: share.optional(),
  /** From the accept to the first media. */
  setupMs: z.object({ p50: figure, p95: figure }).optional(),
});
