import { ErrorCode, LIMITS, UserId } from '@switchboard/protocol';
import { z } from 'zod';
import { RoomIdInput } from '../payload/ids.ts';
import { spelled } from '../payload/spellings.ts';
import { DisplayName, Email, InvitationCode, NewPassword, Username } from '../rest-fields/credentials.ts';
import { Before } from '../rest-fields/page.ts';
import type { RestTable } from '../rest-operation.ts';
import { RoomsMessage, RoomsRoom } from './schema.ts';

/** A log-in's reply has the same and more. */
export const RoomsSignedUp = z.object({
  message: z.string(),
  token: z.string(),
  accessToken: z.string(),
  refreshToken: z.string(),
  user: z.object({
    id: UserId,
    _id: UserId,
    username: z.string(),
    email: z.string().nullable(),
    name: z.string(),
  }),
});

/** Sockets and history show a message alike, so that clients may read both by the same code. */
export const RoomsHistory = z.array(RoomsMessage);

export const RoomsError = z.object({
  message: z.string(),
  error: z.string(),
  code: ErrorCode,
  errors: z.array(z.object({ type: z.literal('field'), path: z.string(), msg: z.string() })).optional(),
});

/** These clients page rarely: without a limit they are served all that one reply may hold. */
const HistoryLimit = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, { error: 'must be a positive integer' })
  .transform((limit) => Math.min(Number(limit), LIMITS.pageMax))
  .optional();

// What a name may hold is the service's rule; these bound what it has to look at.
const RoomName = z.string().max(4 * LIMITS.roomNameLength);
const RoomDescription = z.string().max(4 * LIMITS.roomDescriptionLength);

const anonymous = { dialect: 'rooms', access: 'anonymous' } as const;
const user = { dialect: 'rooms', access: 'user' } as const;
const refused = { 400: RoomsError, 401: RoomsError, 503: RoomsError };

export const roomsRest = {
  signup: {
    ...anonymous,
    method: 'post',
    path: '/api/auth/signup',
    summary: 'Makes an account and signs in.',
    body: spelled(
      // Later clients of other vocabularies know a name alone.
      { username: ['userName', 'name'], invitationCode: ['invitation', 'inviteCode'] },
      z.object({
        username: Username,
        email: Email,
        password: NewPassword,
        name: DisplayName.optional(),
        invitationCode: InvitationCode.optional(),
      }),
    ),
    replies: {
      201: RoomsSignedUp,
      400: RoomsError,
      403: RoomsError,
      409: RoomsError,
      429: RoomsError,
      503: RoomsError,
    },
  },
  listRooms: {
    ...user,
    method: 'get',
    path: '/api/rooms',
    summary: 'Every active room, with the ids of who is in it now.',
    replies: { 200: z.array(RoomsRoom), 401: RoomsError, 503: RoomsError },
  },
  createRoom: {
    ...user,
    method: 'post',
    path: '/api/rooms',
    summary: 'Makes a room whose name no other room made here has.',
    body: spelled(
      { name: ['roomName', 'title'] },
      z.object({ name: RoomName, description: RoomDescription.optional() }),
    ),
    replies: { 201: RoomsRoom, ...refused, 409: RoomsError, 429: RoomsError },
  },
  listMessages: {
    ...user,
    method: 'get',
    path: '/api/rooms/:roomId/messages',
    summary: 'The newest messages of a room, oldest first; `before` and `limit` page backwards.',
    params: z.object({ roomId: RoomIdInput }),
    query: z.object({ before: Before.optional(), limit: HistoryLimit }),
    replies: { 200: RoomsHistory, ...refused, 404: RoomsError },
  },
} as const satisfies RestTable;
