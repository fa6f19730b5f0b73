import type { UserId } from '@switchboard/protocol';
import type { DecodeContext } from '../dialect.ts';
import { bodyIn, type Fields, isBareBody, isWrittenBody, type SignalKind, writtenBody } from './body.ts';

/**
 * Clients of this vocabulary send `{roomId, …}`, a bare room id, or `(roomId, …)`, and mix these. Each reader makes the documented object of whatever came,
 * for a schema to judge. Nothing here refuses: what makes no sense ends in a field where the schema says so.
 */
type Read = (args: readonly unknown[], context: DecodeContext) => unknown;
type Scalar = string | number | boolean;

const ROOM = ['roomId', 'room', 'room_id'];
const TARGET = ['to', 'targetUserId', 'targetId', 'target', 'targetSocketId', 'toUserId', 'userId'];
/** Whoever ends or takes a call may name its other party by the role that one has in it. */
const PARTY = [...TARGET, 'from', 'fromUserId', 'callerId', 'calleeId', 'receiverId'];
const ADDRESS = [...ROOM, ...TARGET, 'callId'];
const KIND = ['callType', 'type'];
const KIND_WORDS = /^(voice|audio|video)$/i;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Of a transport's making: longer than a user's or a room's id, and never a number. */
export const SOCKET_ID = /^(?!\d+$)[\w-]{8,64}$/;

export const readRoom: Read = (args) => {
  const { fields, scalars, odd } = takeApart(args);
  if (odd !== undefined) return odd;
  return compact({ roomId: first(fields, ROOM) ?? scalars[0] });
};

export const readMessage: Read = (args) => {
  const { fields, scalars, odd } = takeApart(args);
  if (odd !== undefined) return odd;
  const room = first(fields, ROOM);
  const [roomId, text] = room === undefined ? scalars : [room, scalars[0]];
  return compact({ roomId, content: first(fields, ['content', 'message', 'text']) ?? text });
};

export const readSignal =
  (kind: SignalKind): Read =>
  (args, { userId }) => {
    const { body, others } = takeBody(kind, args);
    const { fields, scalars, odd } = takeApart(others);
    if (odd !== undefined) return odd;
    return compact({
      ...addressed(fields, scalars, userId),
      callId: fields.callId,
      [kind]: body ?? bodyIn(kind, fields),
    });
  };

export const readInvitation: Read = (args, { userId }) => {
  const { body, others } = takeBody('offer', args);
  const { fields, scalars, odd } = takeApart(others);
  if (odd !== undefined) return odd;
  const kinds = scalars.filter((scalar) => typeof scalar === 'boolean' || KIND_WORDS.test(String(scalar)));
  const ids = scalars.filter((scalar) => !kinds.includes(scalar));
  return compact({
    ...addressed(fields, ids, userId),
    callType: kindOf(first(fields, KIND) ?? fields.isVideo ?? kinds[0]),
    offer: body ?? bodyIn('offer', fields),
  });
};

export const readCall: Read = (args, { userId }) => {
  const { body, others } = takeBody('answer', args);
  const { fields, scalars, odd } = takeApart(others);
  if (odd !== undefined) return odd;
  const callId = fields.callId ?? scalars.find((scalar) => UUID.test(String(scalar)));
  const named = PARTY.map((name) => own(fields, name)).find((id) => id !== undefined && !isSame(id, userId));
  const to = named ?? scalars.find((scalar) => scalar !== callId && !isSame(scalar, userId));
  return compact({
    callId,
    to,
    roomId: first(fields, ROOM),
    answer: body ?? bodyIn('answer', fields),
    reason: fields.reason,
  });
};

/** A description or candidate that is an argument by itself, and the arguments around it. */
function takeBody(
  kind: SignalKind,
  args: readonly unknown[],
): { readonly body?: unknown; readonly others: readonly unknown[] } {
  const bare = args.find((arg) => isObject(arg) && isBareBody(kind, arg) && !first(arg, ADDRESS));
  const written = args.find((arg) => isWrittenBody(kind, arg));
  const others = args.filter((arg) => arg !== bare && arg !== written);
  return { body: bare ?? (written && writtenBody(kind, written)), others };
}

/** `(roomId, to)`, but for what can only be a socket. A client's own `userId` beside its words says who it is, not whom it means. */
function addressed(fields: Fields, scalars: readonly Scalar[], self: UserId): Fields {
  const { userId, ...others } = fields;
  const meant = isSame(userId, self) ? others : fields;
  const socket = scalars.find((scalar) => typeof scalar === 'string' && SOCKET_ID.test(scalar));
  const ids = scalars.filter((scalar) => scalar !== socket);
  const room = first(fields, ROOM);
  const [roomId, to] = room === undefined ? ids : [room, ids[0]];
  return { roomId, to: first(meant, TARGET) ?? socket ?? to };
}

function kindOf(said: unknown): unknown {
  if (typeof said === 'boolean') return said ? 'video' : 'voice';
  return typeof said === 'string' ? said.toLowerCase() : said;
}

interface Parts {
  /** All objects as one; of equal names the first counts. */
  readonly fields: Fields;
  readonly scalars: readonly Scalar[];
  /** An argument that is neither, such as a list. */
  readonly odd?: unknown;
}

function takeApart(args: readonly unknown[]): Parts {
  const fields = new Map<string, unknown>();
  const scalars: Scalar[] = [];
  for (const arg of args) {
    // What a client leaves undefined travels as null.
    if (arg === undefined || arg === null) continue;
    if (typeof arg === 'string' || typeof arg === 'number' || typeof arg === 'boolean') scalars.push(arg);
    else if (!isObject(arg)) return { fields: {}, scalars, odd: arg };
    else {
      for (const [name, value] of Object.entries(arg)) {
        if (value !== null && value !== undefined && !fields.has(name)) fields.set(name, value);
      }
    }
  }
  return { fields: Object.fromEntries(fields), scalars };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function first(fields: Fields, names: readonly string[]): unknown {
  return names.map((name) => own(fields, name)).find((value) => value !== undefined && value !== null);
}

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function isSame(id: unknown, userId: UserId): boolean {
  return (typeof id === 'string' || typeof id === 'number') && String(id) === userId;
}

/** Absent fields are left out, as a schema tells absent from undefined by name alone. */
function compact(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
