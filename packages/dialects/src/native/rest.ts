import { ContentType, ConversationId, LIMITS, RoomKind, SessionId } from '@switchboard/protocol';
import { z } from 'zod';
import { Text } from '../payload/bounded.ts';
import { RoomIdInput, UserIdInput } from '../payload/ids.ts';
import { missing } from '../payload/required.ts';
import { spelled } from '../payload/spellings.ts';
import {
  DisplayName,
  Email,
  GivenPassword,
  InvitationCode,
  LoginByUsername,
  StrictNewPassword,
  Token,
  Username,
} from '../rest-fields/credentials.ts';
import { Limit, Seq } from '../rest-fields/page.ts';
import { RoomDescription, RoomName, RoomSearch } from '../rest-fields/room.ts';
import { NoBody, type RestTable } from '../rest-operation.ts';
import { nativeCallsRest } from './rest-calls.ts';
import { nativeNotificationsRest } from './rest-notifications.ts';
import * as reply from './rest-schema.ts';

const anonymous = { dialect: 'native', access: 'anonymous' } as const;
const user = { dialect: 'native', access: 'user' } as const;
const admin = { dialect: 'native', access: 'admin' } as const;

const error = reply.NativeError;
const refused = { 400: error, 401: error, 403: error, 429: error, 503: error };

const Conversation = z.object({ id: ConversationId });
const Room = z.object({ id: RoomIdInput });

export const nativeRest = {
  register: {
    ...anonymous,
    method: 'post',
    path: '/api/v1/auth/register',
    summary: 'Makes an account and signs in.',
    body: spelled(
      {},
      z.object({
        username: Username,
        password: StrictNewPassword,
        email: Email.optional(),
        name: DisplayName.optional(),
        invitationCode: InvitationCode.optional(),
      }),
    ),
    replies: { 201: reply.NativeSignedIn, ...refused, 409: error },
  },
  login: {
    ...anonymous,
    method: 'post',
    path: '/api/v1/auth/login',
    summary: 'Signs in with username or e-mail, and password.',
    body: LoginByUsername,
    replies: { 200: reply.NativeSignedIn, ...refused },
  },
  refresh: {
    ...anonymous,
    method: 'post',
    path: '/api/v1/auth/refresh',
    summary: 'Exchanges a refresh token for a new pair.',
    body: z.object({ refreshToken: Token }),
    replies: { 200: reply.NativeSignedIn, ...refused },
  },
  logout: {
    ...user,
    method: 'post',
    path: '/api/v1/auth/logout',
    summary: 'Ends this session.',
    replies: { 204: NoBody, ...refused },
  },
  logoutAll: {
    ...user,
    method: 'post',
    path: '/api/v1/auth/logout-all',
    summary: 'Ends every session of the user.',
    replies: { 204: NoBody, ...refused },
  },
  verify: {
    ...user,
    method: 'get',
    path: '/api/v1/auth/verify',
    summary: 'Says whose access token this is.',
    replies: { 200: reply.NativeVerified, ...refused },
  },
  changePassword: {
    ...user,
    method: 'post',
    path: '/api/v1/auth/password',
    summary: 'Changes the password and ends every other session.',
    body: z.object({ currentPassword: GivenPassword, newPassword: StrictNewPassword }),
    replies: { 200: reply.NativeSignedIn, ...refused },
  },
  getMe: {
    ...user,
    method: 'get',
    path: '/api/v1/me',
    summary: 'One’s own account.',
    replies: { 200: reply.NativeMe, ...refused },
  },
  patchMe: {
    ...user,
    method: 'patch',
    path: '/api/v1/me',
    summary: 'Changes one’s name or e-mail address.',
    body: z
      .object({ name: DisplayName.optional(), email: Email.nullable().optional() })
      .refine((change) => change.name !== undefined || change.email !== undefined, missing('name')),
    replies: { 200: reply.NativeMe, ...refused, 409: error },
  },
  deleteMe: {
    ...user,
    method: 'delete',
    path: '/api/v1/me',
    summary: 'Deletes one’s account.',
    replies: { 204: NoBody, ...refused },
  },
  listUsers: {
    ...user,
    method: 'get',
    path: '/api/v1/users',
    summary: 'Users, or those whose username or name holds `q`.',
    query: z.object({ q: z.string().trim().max(LIMITS.nameLength).optional(), limit: Limit }),
    replies: { 200: reply.NativeUsers, ...refused },
  },
  getUser: {
    ...user,
    method: 'get',
    path: '/api/v1/users/:id',
    summary: 'One user.',
    params: z.object({ id: UserIdInput }),
    replies: { 200: reply.NativeUser, ...refused, 404: error },
  },
  listConversations: {
    ...user,
    method: 'get',
    path: '/api/v1/conversations',
    summary: 'One’s conversations, the liveliest first, with unread counts.',
    query: z.object({ limit: Limit }),
    replies: { 200: reply.NativeConversations, ...refused },
  },
  listMessages: {
    ...user,
    method: 'get',
    path: '/api/v1/conversations/:id/messages',
    summary: 'A page of messages, oldest first: after a seq, before one, or the newest.',
    params: Conversation,
    query: z
      .object({ before: Seq.pipe(z.int().positive()).optional(), after: Seq.optional(), limit: Limit })
      .refine(({ before, after }) => before === undefined || after === undefined, {
        error: 'excludes before',
        path: ['after'],
        params: { rule: 'invalid' },
      }),
    replies: { 200: reply.NativeMessages, ...refused, 404: error },
  },
  sendMessage: {
    ...user,
    method: 'post',
    path: '/api/v1/conversations/:id/messages',
    summary: 'Stores a message; 200 when the clientMessageId was known already.',
    params: Conversation,
    body: z.object({
      content: Text,
      contentType: ContentType.default('text'),
      clientMessageId: z.string().min(1).max(LIMITS.clientMessageIdLength).optional(),
    }),
    replies: { 200: reply.NativeMessageSent, 201: reply.NativeMessageSent, ...refused, 404: error },
  },
  listRooms: {
    ...user,
    method: 'get',
    path: '/api/v1/rooms',
    summary:
      'A page of the active rooms by ascending id: of one kind, with `search` inside the name, after an id.',
    query: z.object({
      kind: RoomKind.optional(),
      search: RoomSearch.optional(),
      after: RoomIdInput.optional(),
      limit: Limit,
    }),
    replies: { 200: reply.NativeRooms, ...refused },
  },
  createRoom: {
    ...user,
    method: 'post',
    path: '/api/v1/rooms',
    summary: 'Makes a room, which every user may find, read and join.',
    body: spelled(
      {},
      z.object({
        name: RoomName,
        description: RoomDescription.optional(),
        kind: RoomKind.default('chat'),
      }),
    ),
    replies: { 201: reply.NativeRoom, ...refused },
  },
  getRoom: {
    ...user,
    method: 'get',
    path: '/api/v1/rooms/:id',
    summary: 'One active room. Its messages are those of the conversation `r:` and its id.',
    params: Room,
    replies: { 200: reply.NativeRoom, ...refused, 404: error },
  },
  updateRoom: {
    ...user,
    method: 'patch',
    path: '/api/v1/rooms/:id',
    summary: 'Changes a room that one has made.',
    params: Room,
    body: z
      .object({
        name: RoomName.optional(),
        description: RoomDescription.optional(),
        kind: RoomKind.optional(),
      })
      .refine(
        ({ name, description, kind }) =>
          name !== undefined || description !== undefined || kind !== undefined,
        missing('name'),
      ),
    replies: { 200: reply.NativeRoom, ...refused, 404: error, 409: error },
  },
  deleteRoom: {
    ...user,
    method: 'delete',
    path: '/api/v1/rooms/:id',
    summary: 'Deletes a room that one has made: it and its messages are gone for everybody.',
    params: Room,
    replies: { 204: NoBody, ...refused, 404: error },
  },
  listParticipants: {
    ...user,
    method: 'get',
    path: '/api/v1/rooms/:id/participants',
    summary: 'Who is in a room now.',
    params: Room,
    replies: { 200: reply.NativeParticipants, ...refused, 404: error },
  },
  ...nativeCallsRest,
  iceServers: {
    ...user,
    method: 'get',
    path: '/api/v1/ice-servers',
    summary: 'STUN and TURN servers, with credentials that lapse.',
    replies: { 200: reply.NativeIceServers, ...refused },
  },
  iceServersInShort: {
    ...user,
    method: 'get',
    path: '/api/ice-servers',
    summary: 'The same as /api/v1/ice-servers.',
    replies: { 200: reply.NativeIceServers, ...refused },
  },
  listInvitations: {
    ...admin,
    method: 'get',
    path: '/api/v1/invitations',
    summary: 'Every invitation, newest first.',
    replies: { 200: reply.NativeInvitations, ...refused },
  },
  createInvitation: {
    ...admin,
    method: 'post',
    path: '/api/v1/invitations',
    summary: 'Makes an invitation code for one registration.',
    replies: { 201: reply.NativeInvitation, ...refused },
  },
  listSessions: {
    ...user,
    method: 'get',
    path: '/api/v1/sessions',
    summary: 'One’s sessions.',
    replies: { 200: reply.NativeSessions, ...refused },
  },
  revokeSession: {
    ...user,
    method: 'delete',
    path: '/api/v1/sessions/:id',
    summary: 'Ends one of one’s sessions.',
    params: z.object({ id: SessionId }),
    replies: { 204: NoBody, ...refused, 404: error },
  },
  ...nativeNotificationsRest,
} as const satisfies RestTable;
