import {
  ConversationSummary,
  ErrorCode,
  ErrorDetail,
  Message,
  Participant,
  PublicUser,
  Rejection,
  Role,
  Room,
  SessionId,
  UserId,
} from '@switchboard/protocol';
import { z } from 'zod';
import { IceServersShape } from '../payload/ice-servers.ts';

const time = z.iso.datetime();

export const NativeAccount = PublicUser.extend({ email: z.string().nullable(), role: Role });
export const NativeSignedIn = z.object({
  user: NativeAccount,
  accessToken: z.string(),
  refreshToken: z.string(),
});
export const NativeMe = z.object({ user: NativeAccount });
export const NativeVerified = z.object({ valid: z.literal(true), user: NativeAccount });
export const NativeUser = z.object({ user: PublicUser });
export const NativeUsers = z.object({ users: z.array(PublicUser) });
export const NativeConversations = z.object({ conversations: z.array(ConversationSummary) });
export const NativeMessages = z.object({ messages: z.array(Message), more: z.boolean() });
export const NativeMessageSent = z.object({ message: Message, duplicate: z.boolean() });
export const NativeRoom = z.object({ room: Room });
/** `total` counts all pages, up to a bound; `after` the last id gives the next one while there are `more`. */
export const NativeRooms = z.object({
  rooms: z.array(Room),
  total: z.number().int().nonnegative(),
  more: z.boolean(),
});
export const NativeParticipants = z.object({ participants: z.array(Participant) });
export const NativeIceServers = z.object({
  iceServers: IceServersShape,
  /** When the credentials lapse; absent when none do. */
  expiresAt: time.optional(),
});
const Invitation = z.object({
  id: z.string(),
  code: z.string(),
  usedBy: UserId.nullable(),
  usedAt: time.nullable(),
  createdAt: time,
  expiresAt: time,
});
export const NativeInvitation = z.object({ invitation: Invitation });
export const NativeInvitations = z.object({ invitations: z.array(Invitation) });
export const NativeSessions = z.object({
  sessions: z.array(
    z.object({
      id: SessionId,
      createdAt: time,
      lastUsedAt: time,
      userAgent: z.string().nullable(),
      ip: z.string().nullable(),
      current: z.boolean(),
    }),
  ),
});
export const NativeError = z.object({
  error: z.object({
    code: ErrorCode,
    message: z.string(),
    detail: ErrorDetail.optional(),
    fields: Rejection.shape.fields,
    retryable: z.boolean(),
    retryAfterMs: z.number().int().nonnegative().optional(),
  }),
});
