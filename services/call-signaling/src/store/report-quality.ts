import { meanOpinionScore } from '@switchboard/domain';
import { type CallId, type CallQuality, ok, type Result, reject, type UserId } from '@switchboard/protocol';
import { mongoFault } from '@switchboard/service-kit';
import type { CallDoc, CallModel, SideQuality } from './call-model.ts';

/** Reports are taken up to this long after the end of a call. */
export const REPORT_WITHIN_MS = 3_600_000;

/**
 * Keeps what a side of an answered call measured, in place of what it reported before. CALL_NOT_FOUND for whoever is no party of such a call, as for a call that is
 * not there; CONFLICT when nobody, or another callee, answered it, and when it ended too long ago.
 * @throws SwitchboardError SERVICE_UNAVAILABLE, retryable, while the database is away.
 */
export async function reportQuality(
  model: CallModel,
  {
    callId,
    userId,
    quality,
    now,
  }: {
    readonly callId: CallId;
    readonly userId: UserId;
    readonly quality: CallQuality;
    readonly now: number;
  },
): Promise<Result<SideQuality>> {
  try {
    const doc = await model
      .findOne({ _id: callId, parties: userId }, { 'caller.id': 1, answeredBy: 1, answeredAt: 1, endedAt: 1 })
      .lean<Pick<CallDoc, 'caller' | 'answeredBy' | 'answeredAt' | 'endedAt'>>();
    if (!doc) return reject('CALL_NOT_FOUND', 'No such call');
    const side = doc.caller.id === userId ? 'caller' : doc.answeredBy === userId ? 'answerer' : undefined;
    if (doc.answeredAt === undefined || side === undefined) {
      return reject('CONFLICT', 'This call was not answered by you or for you');
    }
    if (doc.endedAt !== undefined && now - doc.endedAt.getTime() > REPORT_WITHIN_MS) {
      return reject('CONFLICT', 'This call ended more than an hour ago');
    }
    const mos = meanOpinionScore(quality);
    const kept: SideQuality = {
      ...quality,
      ...(mos === undefined ? {} : { mos }),
      reportedAt: new Date(now),
    };
    await model.updateOne({ _id: callId }, { $set: { [`quality.${side}`]: kept } });
    return ok(kept);
  } catch (error) {
    throw mongoFault(error);
  }
}
