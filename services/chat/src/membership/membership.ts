import {
  type ChatTarget,
  type ConversationId,
  directConversation,
  directMembers,
  ok,
  type Result,
  type RoomId,
  reject,
  roomOf,
  type UserId,
} from '@switchboard/protocol';

/** Where a message goes. */
export interface Destination {
  readonly conversationId: ConversationId;
  readonly receiverId?: UserId;
  readonly roomId?: RoomId;
}

/** Who may write where and read what, for one kind of conversation. */
export interface Kind<Target> {
  destination(actor: UserId, target: Target): Promise<Result<Destination>>;
  /** The refusal never tells whether a conversation exists that is not the user's: it looks the same either way. */
  mayRead(userId: UserId, conversationId: ConversationId): Promise<Result<undefined>>;
}

export type DirectKind = Kind<UserId>;
export type RoomKind = Kind<RoomId>;

export interface Membership {
  /** Rejects with USER_NOT_FOUND, ROOM_NOT_FOUND or PERMISSION_DENIED. */
  destination(actor: UserId, target: ChatTarget): Promise<Result<Destination>>;
  /** Rejects with PERMISSION_DENIED, or ROOM_NOT_FOUND for a room that is not there or not any more. */
  mayRead(userId: UserId, conversationId: ConversationId): Promise<Result<undefined>>;
}

export function createMembership(kinds: {
  readonly direct: DirectKind;
  readonly room: RoomKind;
}): Membership {
  return {
    destination: (actor, target) =>
      target.kind === 'direct'
        ? kinds.direct.destination(actor, target.userId)
        : kinds.room.destination(actor, target.roomId),
    mayRead(userId, conversationId) {
      const kind = roomOf(conversationId) === undefined ? kinds.direct : kinds.room;
      return kind.mayRead(userId, conversationId);
    },
  };
}

/** The one refusal for direct conversations and messages that are not the actor's, whether they exist or not. */
export function notAMember() {
  return reject('PERMISSION_DENIED', 'Not a member of this conversation');
}

/** A conversation as a target, for a user who names it by id. Two spellings of one pair would be two conversations, so only ours counts. */
export function targetOf(actor: UserId, conversationId: ConversationId): Result<ChatTarget> {
  const roomId = roomOf(conversationId);
  if (roomId !== undefined) return ok({ kind: 'room', roomId });
  const other = otherMember(actor, conversationId);
  return other === undefined ? notAMember() : ok({ kind: 'direct', userId: other });
}

/** The other member of a direct conversation, oneself for notes to oneself; undefined when `userId` is not in it. */
export function otherMember(userId: UserId, conversationId: ConversationId): UserId | undefined {
  const members = directMembers(conversationId);
  if (!members || directConversation(...members) !== conversationId) return undefined;
  const [a, b] = members;
  if (a === userId) return b;
  return b === userId ? a : undefined;
}
