import { ok, type Result, type Room, type RoomId } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import type { RoomFilter } from '../store/room-store.ts';
import { presentRooms } from './present-rooms.ts';

export interface RoomPage {
  readonly limit: number;
  /** Rooms after this one: a cursor that neither skips nor repeats when rooms come and go. */
  readonly after?: RoomId | undefined;
  /** Rooms made before this one: the newest of them. */
  readonly before?: RoomId | undefined;
  /** The newest rooms of the range rather than the oldest; ascending all the same. */
  readonly newest?: boolean | undefined;
  /** Rooms passed over, for vocabularies that page by number. Each costs a look: cap it. */
  readonly offset?: number | undefined;
}

export interface RoomList {
  readonly rooms: Room[];
  /** How many there are on all pages, counted up to `ROOMS_COUNTED`. */
  readonly total: number;
  /** There are more behind these, or before them when the newest were asked for. */
  readonly more: boolean;
}

export const ROOMS_COUNTED = 10_000;
/** The length of a list without pages. */
export const ROOMS_LISTED = 2_000;

/** Active rooms by ascending id. */
export async function listRooms(
  context: Pick<ChatContext, 'rooms' | 'directory'>,
  { page, ...filter }: RoomFilter & { readonly page: RoomPage },
): Promise<Result<RoomList>> {
  const { limit, after, before, offset = 0, newest = before !== undefined } = page;
  const slice = { limit: limit + 1, offset, newest, after: numeric(after), before: numeric(before) };
  const [docs, total] = await Promise.all([
    context.rooms.list(filter, slice),
    context.rooms.count(filter, ROOMS_COUNTED),
  ]);
  const rooms = await presentRooms(context, newest ? docs.slice(-limit) : docs.slice(0, limit));
  return ok({ rooms, total, more: docs.length > limit });
}

function numeric(id: RoomId | undefined): number | undefined {
  return id === undefined ? undefined : Number(id);
}

/**
 * Every active room by ascending id, for documents whose lists have no pages. Where there are more than `ROOMS_LISTED`, the newest so many: who has just made a
 * room looks for it here.
 */
export async function allRooms(
  context: Pick<ChatContext, 'rooms' | 'directory'>,
  { kind, search }: RoomFilter = {},
): Promise<Result<Room[]>> {
  const docs = await context.rooms.list({ kind, search }, { limit: ROOMS_LISTED, newest: true });
  return ok(await presentRooms(context, docs));
}
