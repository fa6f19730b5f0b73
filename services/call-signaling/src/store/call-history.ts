import type { CallFigures, CallRecord } from '@switchboard/dialects';
import type { Clock, LiveCalls } from '@switchboard/ports';
import {
  type Call,
  type CallEvent,
  type CallId,
  type CallQuality,
  type EventType,
  ok,
  type Result,
  reject,
  type UserId,
} from '@switchboard/protocol';
import {
  duplicateKey,
  type EventFollower,
  every,
  type Logger,
  type MongoHandle,
  mongoFault,
} from '@switchboard/service-kit';
import type { LiveCall } from '../calls/live-call.ts';
import { callFigures } from '../quality/call-figures.ts';
import { closeAbandoned } from './abandoned.ts';
import { recordOf, recordOfDoc, sideOf, updateFor } from './call-document.ts';
import { type CallDoc, callModel } from './call-model.ts';
import { type CallSearch, searchCalls } from './call-search.ts';
import { reportQuality } from './report-quality.ts';

const TYPES = ['call.ringing', 'call.answered', 'call.ended'] as const satisfies readonly EventType[];

export interface CallPage {
  readonly calls: readonly CallRecord[];
  readonly more: boolean;
}

/** ISO 8601; exclusive. */
export interface BeforeTime {
  readonly at: string;
}

/** The calls that were. Written from events alone, so it lags behind the live ones by as much as the bus does. */
export interface CallHistory extends EventFollower<(typeof TYPES)[number]>, AsyncDisposable {
  /** Whether a call of this id was ever recorded. @throws SwitchboardError SERVICE_UNAVAILABLE, retryable, while the database is away. */
  knows(callId: CallId): Promise<boolean>;
  /** Whoever's it is. @throws as `knows`. */
  find(callId: CallId): Promise<Call | undefined>;
  /** The same with what became of it. @throws as `knows`. */
  record(callId: CallId): Promise<CallRecord | undefined>;
  /**
   * A user's calls in either direction, newest first. `before`: only those older than that moment or that call, which must be one of theirs
   * (INVALID_DATA otherwise). @throws SwitchboardError SERVICE_UNAVAILABLE, retryable, while the database is away.
   */
  page(
    userId: UserId,
    page: { readonly before?: CallId | BeforeTime | undefined; readonly limit: number },
  ): Promise<Result<CallPage>>;
  /** Everybody's calls, newest first; see `searchCalls`. */
  search(ask: CallSearch): Promise<Result<CallPage>>;
  /** How the calls that began in a range went and sounded; see `callFigures`. */
  figures(range: { readonly from: Date; readonly to: Date }): Promise<CallFigures>;
  /** Keeps what a party of an answered call measured; see `reportQuality`. */
  report(callId: CallId, userId: UserId, quality: CallQuality): Promise<Result<ReturnType<typeof sideOf>>>;
}

export interface CallHistoryParts {
  readonly mongo: Pick<MongoHandle, 'connection' | 'ensureIndexes'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly liveCalls: LiveCalls<LiveCall>;
}

const CLOSE_EVERY_MS = 60_000;

export async function createCallHistory(parts: CallHistoryParts): Promise<CallHistory> {
  const { mongo, clock, logger, liveCalls } = parts;
  const model = callModel(mongo.connection);
  await mongo.ensureIndexes([model]);

  const record = async (event: CallEvent): Promise<void> => {
    const write = () => model.updateOne(recordOf(event.call), updateFor(event), { upsert: true });
    try {
      await write();
    } catch (error) {
      if (!duplicateKey(error)) throw mongoFault(error);
      // Two upserts of one call at once: the second time it is there. If not, the id is another call's, and stays so however often this is tried.
      try {
        await write();
      } catch (again) {
        if (!duplicateKey(again)) throw mongoFault(again);
        logger.warn({ callId: event.call.id, type: event.type }, 'another call has this id, not recorded');
      }
    }
  };
  const close = () => closeAbandoned(model, liveCalls, clock.now());

  const failed = (err: unknown) => logger.warn({ err }, 'abandoned calls could not be closed');
  const closing = every(CLOSE_EVERY_MS, clock, close, failed);

  return {
    types: TYPES,
    handle: record,
    async knows(callId) {
      try {
        return (await model.exists({ _id: callId })) !== null;
      } catch (error) {
        throw mongoFault(error);
      }
    },
    find: async (callId) => (await recordOfCall(callId))?.call,
    record: recordOfCall,
    async page(userId, { before, limit }) {
      try {
        const older = await olderThan(userId, before);
        if (!older) return reject('INVALID_DATA', 'Unknown call to page from');
        const docs = await model
          .find({ parties: userId, ...older })
          .sort({ createdAt: -1, _id: -1 })
          .limit(limit + 1)
          .lean<CallDoc[]>();
        return ok({ calls: docs.slice(0, limit).map(recordOfDoc), more: docs.length > limit });
      } catch (error) {
        throw mongoFault(error);
      }
    },
    search: (ask) => searchCalls(model, ask),
    figures: (range) => callFigures(model, range),
    async report(callId, userId, quality) {
      const kept = await reportQuality(model, { callId, userId, quality, now: clock.now() });
      return kept.ok ? ok(sideOf(kept.value)) : kept;
    },
    [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose](),
  };

  async function recordOfCall(callId: CallId): Promise<CallRecord | undefined> {
    try {
      const doc = await model.findOne({ _id: callId }).lean<CallDoc>();
      return doc ? recordOfDoc(doc) : undefined;
    } catch (error) {
      throw mongoFault(error);
    }
  }

  async function olderThan(userId: UserId, before: CallId | BeforeTime | undefined) {
    if (before === undefined) return {};
    if (typeof before === 'object') return { createdAt: { $lt: new Date(before.at) } };
    const last = await model
      .findOne({ _id: before, parties: userId }, { createdAt: 1 })
      .lean<Pick<CallDoc, 'createdAt'>>();
    if (!last) return undefined;
    const { createdAt } = last;
    return { $or: [{ createdAt: { $lt: createdAt } }, { createdAt, _id: { $lt: before } }] };
  }
}
