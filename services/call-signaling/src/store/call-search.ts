import { type CallEndReason, type CallId, ok, type Result, reject, type UserId } from '@switchboard/protocol';
import { mongoFault } from '@switchboard/service-kit';
import { recordOfDoc } from './call-document.ts';
import type { CallPage } from './call-history.ts';
import type { CallDoc, CallModel } from './call-model.ts';

export interface CallSearch {
  readonly user?: UserId | undefined;
  /** ISO 8601: when the call began; from inclusive, to exclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly reason?: CallEndReason | undefined;
  /** The last call of the page before. */
  readonly before?: CallId | undefined;
  readonly limit: number;
}

/**
 * Everybody's calls, newest first; INVALID_DATA when there is no call to page from. @throws SwitchboardError SERVICE_UNAVAILABLE, retryable, while the
 * database is away.
 */
export async function searchCalls(
  model: CallModel,
  { user, from, to, reason, before, limit }: CallSearch,
): Promise<Result<CallPage>> {
  try {
    const last =
      before === undefined
        ? undefined
        : await model.findOne({ _id: before }, { createdAt: 1 }).lean<Pick<CallDoc, '_id' | 'createdAt'>>();
    if (last === null) return reject('INVALID_DATA', 'Unknown call to page from');
    const docs = await model
      .find({
        ...(user === undefined ? {} : { parties: user }),
        ...(reason === undefined ? {} : { endReason: reason }),
        createdAt: {
          $gte: new Date(from ?? 0),
          // The index is entered where the page before ended.
          $lte: last?.createdAt ?? new Date(8.64e15),
          ...(to === undefined ? {} : { $lt: new Date(to) }),
        },
        ...(last ? { $or: [{ createdAt: { $lt: last.createdAt } }, { _id: { $lt: last._id } }] } : {}),
      })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit + 1)
      .lean<CallDoc[]>();
    return ok({ calls: docs.slice(0, limit).map(recordOfDoc), more: docs.length > limit });
  } catch (error) {
    throw mongoFault(error);
  }
}
