import type { BusEvent, RoomKind } from '@switchboard/protocol';
import { duplicateKey, nextSequence } from '@switchboard/service-kit';
import { literalPattern } from './literal-pattern.ts';
import { nameGrams, queryGrams, searchText } from './name-grams.ts';
import type { RoomDoc, RoomModel } from './room-model.ts';

export type NewRoom = Pick<RoomDoc, '_id' | 'name' | 'description' | 'kind' | 'creator' | 'createdAt'>;

export interface RoomChange {
  readonly name?: string;
  readonly description?: string;
  readonly kind?: RoomKind;
}

export interface RoomFilter {
  readonly kind?: RoomKind | undefined;
  /** Somewhere inside the name, whatever the case; blank for any. */
  readonly search?: string | undefined;
  /** Made then; both ends included. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

export interface RoomSlice {
  readonly limit: number;
  /** Rooms with a greater, and with a smaller id. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly offset?: number;
  /** The newest ones rather than the oldest; ascending all the same. */
  readonly newest?: boolean;
}

/** lost: somebody else changed or deleted it since it was read. name_taken: another active room holds the unique name. */
export type ChangeOutcome = 'changed' | 'lost' | 'name_taken';

/** Writes carry the event that they make true, and store it with the change. */
export interface RoomStore {
  nextId(): Promise<number>;
  create(room: NewRoom, unique: boolean, event: BusEvent): Promise<'created' | 'name_taken'>;
  /** Only while active. */
  active(id: number): Promise<RoomDoc | undefined>;
  isActive(id: number): Promise<boolean>;
  /** Those of them that are active. */
  activeAmong(ids: readonly number[]): Promise<Set<number>>;
  change(room: RoomDoc, change: RoomChange, event: BusEvent): Promise<ChangeOutcome>;
  remove(room: RoomDoc, at: Date, event: BusEvent): Promise<Exclude<ChangeOutcome, 'name_taken'>>;
  /** Active rooms by ascending id. */
  list(filter: RoomFilter, slice: RoomSlice): Promise<RoomDoc[]>;
  /** How many there are, counted up to `max`. */
  count(filter: RoomFilter, max: number): Promise<number>;
}

/** A search looks at every room that has the piece it goes by; one that takes this long is refused as "try again". */
const SEARCH_MS = 2_000;
/** Events that may wait in one document: a creator who keeps changing a room while the bus is away is told to try again. */
const MAX_OUTBOX = 100;

/** What is only there to be searched, or is the outbox's. */
const SHOWN = { grams: 0, nameText: 0, outbox: 0 } as const;

export function createRoomStore(model: RoomModel): RoomStore {
  async function replace(
    room: RoomDoc,
    update: Record<string, unknown>,
    event: BusEvent,
  ): Promise<'changed' | 'lost'> {
    const { modifiedCount } = await model.updateOne(
      {
        _id: room._id,
        active: true,
        version: room.version,
        [`outbox.${MAX_OUTBOX - 1}`]: { $exists: false },
      },
      { ...update, $inc: { version: 1 }, $push: { outbox: event } },
    );
    return modifiedCount === 1 ? 'changed' : 'lost';
  }

  return {
    nextId: () => nextSequence(model.db, 'rooms'),

    async create(room, unique, event) {
      try {
        await model.create({
          ...room,
          ...searchable(room.name),
          ...(unique ? { uniqueName: room.name } : {}),
          active: true,
          version: 1,
          outbox: [event],
        });
        return 'created';
      } catch (error) {
        if (isNameTaken(error)) return 'name_taken';
        throw error;
      }
    },

    async active(id) {
      return (await model.findOne({ _id: id, active: true }, SHOWN).lean<RoomDoc>()) ?? undefined;
    },

    async isActive(id) {
      return (await model.exists({ _id: id, active: true })) !== null;
    },

    async activeAmong(ids) {
      if (ids.length === 0) return new Set();
      const docs = await model
        .find({ _id: { $in: ids }, active: true }, { _id: 1 })
        .lean<Pick<RoomDoc, '_id'>[]>();
      return new Set(docs.map((doc) => doc._id));
    },

    async change(room, change, event) {
      const named =
        change.name === undefined
          ? {}
          : {
              ...searchable(change.name),
              ...(room.uniqueName === undefined ? {} : { uniqueName: change.name }),
            };
      try {
        return await replace(room, { $set: { ...change, ...named } }, event);
      } catch (error) {
        if (isNameTaken(error)) return 'name_taken';
        throw error;
      }
    },

    remove: (room, at, event) =>
      replace(
        room,
        { $set: { active: false, deletedAt: at }, $unset: { uniqueName: 1, grams: 1, nameText: 1 } },
        event,
      ),

    async list(filter, { limit, after, before, offset = 0, newest = false }) {
      const docs = await model
        .find({ ...matching(filter), ...between('_id', { $gt: after, $lt: before }) }, SHOWN)
        .sort({ _id: newest ? -1 : 1 })
        .skip(offset)
        .limit(limit)
        .maxTimeMS(SEARCH_MS)
        .lean<RoomDoc[]>();
      return newest ? docs.reverse() : docs;
    },

    count: (filter, max) => model.countDocuments(matching(filter)).limit(max).maxTimeMS(SEARCH_MS).exec(),
  };
}

function searchable(name: string): Pick<RoomDoc, 'grams' | 'nameText'> {
  return { grams: nameGrams(name), nameText: searchText(name) };
}

function between<T>(field: string, bounds: Readonly<Record<string, T | undefined>>): Record<string, unknown> {
  const given = Object.entries(bounds).filter(([, bound]) => bound !== undefined);
  return given.length === 0 ? {} : { [field]: Object.fromEntries(given) };
}

function matching({ kind, search = '', since, until }: RoomFilter) {
  const text = searchText(search).trim();
  const grams = queryGrams(text);
  return {
    ...(kind === undefined ? {} : { kind }),
    ...between('createdAt', { $gte: since, $lte: until }),
    // Only active rooms have grams. To say so twice would let the planner walk through all of them instead.
    ...(grams.length === 0
      ? { active: true }
      : { grams: { $all: grams }, nameText: { $regex: literalPattern(text) } }),
  };
}

function isNameTaken(error: unknown): boolean {
  const taken = duplicateKey(error);
  return taken !== undefined && 'uniqueName' in taken.keyPattern;
}
