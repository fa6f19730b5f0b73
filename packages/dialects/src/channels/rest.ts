import { LIMITS, RoomId, RoomKind } from '@switchboard/protocol';
import { z } from 'zod';
import { spelled } from '../payload/spellings.ts';
import { InvitationCode } from '../rest-fields/credentials.ts';
import { NoBody, type RestTable } from '../rest-operation.ts';
import { choice, EmailField, GivenPasswordField, NameField, NewPasswordField, text } from './rest-fields.ts';
import { ListQuery, unlessBlank } from './rest-query.ts';
import { ChannelsMessage, ChannelsUser } from './schema.ts';

const id = z.int().positive();
const timestamp = z.iso.datetime();

export const ChannelsProfile = z.object({
  id,
  email: z.string(),
  name: z.string(),
  date_joined: timestamp,
});
export const ChannelsTokens = z.object({ access: z.string(), refresh: z.string() });
export const ChannelsAccess = z.object({ access: z.string() });
export const ChannelsLoggedOut = z.object({ message: z.string() });
export const ChannelsRoom = z.object({
  id,
  name: z.string(),
  description: z.string(),
  creator: ChannelsUser,
  room_type: RoomKind,
  created_at: timestamp,
  is_active: z.boolean(),
});

/** All at once, or a page of them with links to the ones beside it. `count` null: too many to look through. */
function list<S extends z.ZodType>(item: S) {
  return z.union([
    z.array(item),
    z.object({
      count: z.int().nonnegative().nullable(),
      next: z.url().nullable(),
      previous: z.url().nullable(),
      results: z.array(item),
    }),
  ]);
}
export const ChannelsRooms = list(ChannelsRoom);
export const ChannelsMessages = list(ChannelsMessage);

/** One text, or complaints by field. */
export const ChannelsError = z.union([
  z.object({
    detail: z.string(),
    code: z.string().optional(),
    messages: z
      .array(z.object({ token_class: z.string(), token_type: z.string(), message: z.string() }))
      .optional(),
  }),
  z.record(z.string(), z.array(z.string())),
]);

const error = ChannelsError;
const anonymous = { dialect: 'channels', access: 'anonymous' } as const;
const user = { dialect: 'channels', access: 'user' } as const;
const refused = { 400: error, 401: error, 415: error, 503: error };

/** Any text: one that is no room's id is told as 404, as the framework's router does. */
const RoomParams = z.object({
  id: z.string().transform((text): RoomId | null => RoomId.safeParse(text).data ?? null),
});
const RoomName = text({ max: LIMITS.roomNameLength });
const RoomDescription = text({ max: LIMITS.roomDescriptionLength, blank: true });
const RoomType = choice(['chat', 'video']);

export const channelsRest = {
  register: {
    ...anonymous,
    method: 'post',
    path: '/auth/register/',
    summary: 'Makes an account, known by its e-mail address.',
    body: z
      .object({
        email: EmailField,
        name: NameField,
        password: NewPasswordField,
        confirm_password: GivenPasswordField.optional(),
        invitation_code: InvitationCode.optional(),
      })
      .refine(
        ({ password, confirm_password }) => confirm_password === undefined || confirm_password === password,
        { error: 'Passwords do not match.', path: ['confirm_password'], params: { rule: 'mismatch' } },
      ),
    replies: { 201: ChannelsProfile, ...refused, 403: error, 429: error },
  },
  login: {
    ...anonymous,
    method: 'post',
    path: '/auth/login/',
    summary: 'Logs in with e-mail address or username, and password.',
    body: spelled(
      { email: ['username', 'identifier', 'login'] },
      z.object({ email: text({ max: 254 }), password: GivenPasswordField }),
    ).transform(({ email, password }) => ({ identifier: email, password })),
    replies: { 200: ChannelsTokens, ...refused, 403: error, 429: error },
  },
  refresh: {
    ...anonymous,
    method: 'post',
    path: '/auth/token/refresh/',
    summary: 'A new access token; the refresh token stays as it is.',
    body: spelled({ refresh: ['refresh_token', 'refreshToken'] }, z.object({ refresh: text({ max: 8192 }) })),
    replies: { 200: ChannelsAccess, ...refused },
  },
  logout: {
    ...anonymous,
    method: 'post',
    path: '/auth/logout/',
    summary: 'Ends the session of the Bearer token, or of the refresh token in the body.',
    body: spelled(
      { refresh: ['refresh_token', 'refreshToken'] },
      z.object({ refresh: text({ max: 8192 }).optional() }),
    ).prefault({}),
    replies: { 200: ChannelsLoggedOut, ...refused },
  },
  getProfile: {
    ...user,
    method: 'get',
    path: '/auth/profile/',
    summary: 'One’s own account.',
    replies: { 200: ChannelsProfile, ...refused },
  },
  updateProfile: {
    ...user,
    method: 'patch',
    path: '/auth/profile/',
    summary: 'Changes one’s name or e-mail address.',
    body: z.object({ name: NameField.optional(), email: EmailField.optional() }),
    replies: { 200: ChannelsProfile, ...refused },
  },
  deleteProfile: {
    ...user,
    method: 'delete',
    path: '/auth/profile/',
    summary: 'Deletes one’s account.',
    replies: { 204: NoBody, ...refused, 403: error },
  },
  listRooms: {
    ...user,
    method: 'get',
    path: '/api/rooms/',
    summary: 'Every active room, oldest first; a page of them when anything is asked for by query.',
    query: ListQuery.extend({ room_type: unlessBlank(RoomType) }),
    replies: { 200: ChannelsRooms, ...refused },
  },
  createRoom: {
    ...user,
    method: 'post',
    path: '/api/rooms/',
    summary: 'Makes a room.',
    body: z.object({
      name: RoomName,
      description: RoomDescription.default(''),
      room_type: RoomType.default('chat'),
    }),
    replies: { 201: ChannelsRoom, ...refused, 429: error },
  },
  getRoom: {
    ...user,
    method: 'get',
    path: '/api/rooms/:id/',
    summary: 'A room.',
    params: RoomParams,
    replies: { 200: ChannelsRoom, ...refused, 404: error },
  },
  updateRoom: {
    ...user,
    method: 'patch',
    path: '/api/rooms/:id/',
    summary: 'Changes a room; its creator may.',
    params: RoomParams,
    body: z.object({
      name: RoomName.optional(),
      description: RoomDescription.optional(),
      room_type: RoomType.optional(),
    }),
    replies: { 200: ChannelsRoom, ...refused, 403: error, 404: error },
  },
  replaceRoom: {
    ...user,
    method: 'put',
    path: '/api/rooms/:id/',
    summary: 'The same, with at least a name.',
    params: RoomParams,
    body: z.object({
      name: RoomName,
      description: RoomDescription.optional(),
      room_type: RoomType.optional(),
    }),
    replies: { 200: ChannelsRoom, ...refused, 403: error, 404: error },
  },
  deleteRoom: {
    ...user,
    method: 'delete',
    path: '/api/rooms/:id/',
    summary: 'Closes a room for good; its creator may.',
    params: RoomParams,
    replies: { 204: NoBody, ...refused, 403: error, 404: error },
  },
  listMessages: {
    ...user,
    method: 'get',
    path: '/api/rooms/:id/messages/',
    summary: 'The messages of a room, oldest first; a page of them when anything is asked for by query.',
    params: RoomParams,
    query: ListQuery,
    replies: { 200: ChannelsMessages, ...refused, 404: error },
  },
} as const satisfies RestTable;
