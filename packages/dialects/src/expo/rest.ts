import { CallId, ErrorCode, UserId } from '@switchboard/protocol';
import { z } from 'zod';
import { CallIdInput, UserIdInput } from '../payload/ids.ts';
import { spelled } from '../payload/spellings.ts';
import {
  DisplayName,
  Email,
  InvitationCode,
  NewPassword,
  RefreshBody,
  Username,
} from '../rest-fields/credentials.ts';
import { Before, Limit } from '../rest-fields/page.ts';
import { ExpoPushToken } from '../rest-fields/push.ts';
import type { RestTable } from '../rest-operation.ts';
import { ExpoCallType, ExpoMessage } from './schema.ts';

const timestamp = z.iso.datetime();

export const ExpoRegistered = z.object({
  message: z.string(),
  token: z.string(),
  refreshToken: z.string(),
  user: z.object({
    _id: UserId,
    id: UserId,
    username: z.string(),
    email: z.string().nullable(),
    name: z.string(),
  }),
});
export const ExpoTokens = z.object({ token: z.string(), refreshToken: z.string() });
export const ExpoSaved = z.object({ message: z.string() });
export const ExpoChatHistory = z.array(ExpoMessage.extend({ read: z.boolean() }));
export const ExpoCallHistory = z.array(
  z.object({
    _id: CallId,
    caller: UserId,
    receiver: UserId,
    type: ExpoCallType,
    status: z.enum(['requested', 'accepted', 'rejected', 'ended', 'missed', 'busy']),
    startedAt: timestamp,
    /** Null while it goes on. */
    endedAt: timestamp.nullable(),
    /** Seconds from the answer to the end. */
    duration: z.number().int().nonnegative(),
  }),
);
export const ExpoError = z.object({
  error: z.string(),
  code: ErrorCode,
  errors: z.array(z.object({ type: z.literal('field'), path: z.string(), msg: z.string() })).optional(),
});

/** `?before=` of call history: a call id or an ISO timestamp. */
const BeforeCall = z.union(
  [
    CallIdInput.transform((callId) => ({ by: 'id' as const, callId })),
    z.iso
      .datetime({ offset: true })
      .transform((at) => ({ by: 'time' as const, at: new Date(at).toISOString() })),
  ],
  { error: 'must be a call id or an ISO 8601 timestamp' },
);

const anonymous = { dialect: 'expo', access: 'anonymous' } as const;
const user = { dialect: 'expo', access: 'user' } as const;
const refused = { 400: ExpoError, 401: ExpoError, 503: ExpoError };

export const expoRest = {
  register: {
    ...anonymous,
    method: 'post',
    path: '/api/auth/register',
    summary: 'Makes an account and signs in.',
    body: spelled(
      { invitationCode: ['invitation', 'inviteCode'] },
      z.object({
        username: Username,
        email: Email,
        password: NewPassword,
        name: DisplayName.optional(),
        invitationCode: InvitationCode.optional(),
      }),
    ),
    replies: { 201: ExpoRegistered, 400: ExpoError, 403: ExpoError, 409: ExpoError, 503: ExpoError },
  },
  refresh: {
    ...anonymous,
    method: 'post',
    path: '/api/auth/refresh-token',
    summary: 'Exchanges a refresh token for a new pair.',
    body: RefreshBody,
    replies: { 200: ExpoTokens, ...refused },
  },
  savePushToken: {
    ...user,
    method: 'post',
    path: '/api/auth/expo-push-token',
    summary:
      'Says where this session’s device is reached while it is not connected; gone when the session ends.',
    body: spelled(
      { expoPushToken: ['token', 'expo_push_token'] },
      z.object({ expoPushToken: ExpoPushToken }),
    ),
    replies: { 200: ExpoSaved, ...refused, 429: ExpoError },
  },
  chatHistory: {
    ...user,
    method: 'get',
    path: '/api/chat/history/:userId',
    summary: 'The direct messages with a user, newest first.',
    params: z.object({ userId: UserIdInput }),
    query: z.object({ before: Before.optional(), limit: Limit }),
    replies: { 200: ExpoChatHistory, ...refused },
  },
  callHistory: {
    ...user,
    method: 'get',
    path: '/api/call/history',
    summary: 'One’s calls in either direction, newest first.',
    query: z.object({ before: BeforeCall.optional(), limit: Limit }),
    replies: { 200: ExpoCallHistory, ...refused },
  },
} as const satisfies RestTable;
