import type { Clock, LiveCalls } from '@switchboard/ports';
import type { CallId, EventOf, EventType, UserId } from '@switchboard/protocol';
import { duplicateKey, type EventFollower, type MongoHandle, mongoFault } from '@switchboard/service-kit';
import type { LiveCall } from '../calls/live-call.ts';
import { type RingDoc, ringModel } from './ring-model.ts';
import { notesOf, type RingNote, type RungDevice, rungNotes } from './ring-notes.ts';

/** Devices of one user that one call keeps: all that can be there at a time, and some that came back on another line. */
export const ENTRIES_PER_USER = 50;
/** What a page of everybody's entries shows at most: 100 callees with a few devices each. */
const SHOWN_MAX = 2_000;

const TYPES = [
  'call.ringing',
  'call.acknowledged',
  'call.answered',
  'call.declined',
  'call.ended',
  'call.pushed',
] as const satisfies readonly EventType[];
type RingEvent = EventOf<(typeof TYPES)[number]>;

/** Which devices a call rang, and what became of it there: for whoever asks why one did not ring. Nothing else relies on it. */
export interface RingLedger extends EventFollower<RingEvent['type']> {
  /** The ring was sent to these sockets at that moment (epoch ms). @throws SwitchboardError SERVICE_UNAVAILABLE, retryable, while the database is away. */
  rung(callId: CallId, devices: readonly RungDevice[], at: number): Promise<void>;
  /** The entries of a call, or of one of its callees. @throws SwitchboardError SERVICE_UNAVAILABLE, retryable, while the database is away. */
  of(callId: CallId, userId?: UserId): Promise<readonly RingDoc[]>;
}

export interface RingLedgerParts {
  readonly mongo: Pick<MongoHandle, 'connection' | 'ensureIndexes'>;
  readonly clock: Clock;
  readonly liveCalls: LiveCalls<LiveCall>;
  /** How long entries are kept. */
  readonly keepMs: number;
}

export async function createRingLedger(parts: RingLedgerParts): Promise<RingLedger> {
  const { mongo, clock, liveCalls, keepMs } = parts;
  const model = ringModel(mongo.connection);
  await mongo.ensureIndexes([model]);

  const entriesOf = (callId: CallId) => ({ _id: { $gte: `${callId}:`, $lt: `${callId};` } });

  const keep = async (callId: CallId, { _id, named, facts }: RingNote): Promise<void> => {
    const change = { $set: pick(facts, (entry) => !isLesserKept(entry)), $min: pick(facts, isLesserKept) };
    const known = await model.updateOne({ _id }, change);
    if (known.matchedCount > 0) return;
    const { userId } = named;
    const entries = await model.countDocuments({ ...entriesOf(callId), userId });
    if (entries >= ENTRIES_PER_USER) return;
    const $setOnInsert = { ...named, expiresAt: new Date(clock.now() + keepMs) };
    const write = () => model.updateOne({ _id }, { ...change, $setOnInsert }, { upsert: true });
    // Two first notes of one device at once: the second time it is there.
    await write().catch((error) => (duplicateKey(error) ? write() : Promise.reject(error)));
  };

  return {
    types: TYPES,
    async handle(event) {
      const callId = 'call' in event ? event.call.id : event.callId;
      const asks = event.type === 'call.ringing' || event.type === 'call.ended';
      const callees = asks ? (await liveCalls.get(callId))?.state.state?.callees : undefined;
      try {
        for (const note of notesOf(event, callees)) await keep(callId, note);
      } catch (error) {
        throw mongoFault(error);
      }
    },
    async rung(callId, devices, at) {
      try {
        for (const note of rungNotes(callId, devices, new Date(at))) await keep(callId, note);
      } catch (error) {
        throw mongoFault(error);
      }
    },
    async of(callId, userId) {
      try {
        return await model
          .find({ ...entriesOf(callId), ...(userId === undefined ? {} : { userId }) })
          .sort({ _id: 1 })
          .limit(SHOWN_MAX)
          .lean<RingDoc[]>();
      } catch (error) {
        throw mongoFault(error);
      }
    },
  };
}

/**
 * Of two values of such a fact the lesser stands, as a ring may be told twice: of times the first; of why nobody was rung `busy`, which only the live call
 * told, and that may be gone by the second time.
 */
function isLesserKept([name, fact]: [string, unknown]): boolean {
  return fact instanceof Date || name === 'unreached';
}

function pick(facts: RingNote['facts'], which: (entry: [string, unknown]) => boolean): RingNote['facts'] {
  return Object.fromEntries(Object.entries(facts).filter(which));
}
