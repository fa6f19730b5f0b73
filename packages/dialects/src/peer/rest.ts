import { z } from 'zod';
import { UserIdInput } from '../payload/ids.ts';
import { missing } from '../payload/required.ts';
import { spelled } from '../payload/spellings.ts';
import {
  DisplayName,
  Email,
  InvitationCode,
  LoginByUsername,
  NewPassword,
  RefreshBody,
  Token,
  Username,
} from '../rest-fields/credentials.ts';
import { Limit } from '../rest-fields/page.ts';
import type { RestTable } from '../rest-operation.ts';
import * as reply from './rest-schema.ts';

const RoleChange = z.object({ role: z.enum(['user', 'admin']) });
const UserParams = z.object({ id: UserIdInput });

/** `?q=` may be blank: the search box of these clients starts out empty. */
const UserSearch = spelled(
  { q: ['query', 'search', 'username'] },
  z
    .object({ q: z.string().trim().max(100).optional(), limit: Limit })
    .refine(({ q }) => q !== undefined, missing('q')),
).transform(({ q = '', limit }) => ({ q, limit }));

const Registration = spelled(
  { invitationCode: ['invitation', 'invitation_code', 'inviteCode', 'code'] },
  z.object({
    username: Username,
    password: NewPassword,
    invitationCode: InvitationCode.optional(),
    email: Email.optional(),
    name: DisplayName.optional(),
  }),
);

const anonymous = { dialect: 'peer', access: 'anonymous' } as const;
const user = { dialect: 'peer', access: 'user' } as const;
const admin = { dialect: 'peer', access: 'admin' } as const;

const verified = { 200: reply.PeerVerified, 401: reply.PeerNotVerified };
const refused = { 401: reply.PeerError, 403: reply.PeerError };
const managed = { 200: reply.PeerManaged, 404: reply.PeerError, ...refused };

export const peerRest = {
  login: {
    ...anonymous,
    method: 'post',
    path: '/auth/login',
    summary: 'Logs in with username or e-mail, and password.',
    body: LoginByUsername,
    replies: { 200: reply.PeerTokens, 400: reply.PeerError, ...refused, 429: reply.PeerError },
  },
  register: {
    ...anonymous,
    method: 'post',
    path: '/auth/register',
    summary: 'Makes an account; an invitation code is consumed with it.',
    body: Registration,
    replies: { 201: reply.PeerTokens, 400: reply.PeerError, 403: reply.PeerError, 409: reply.PeerError },
  },
  refresh: {
    ...anonymous,
    method: 'post',
    path: '/auth/refresh',
    summary: 'Exchanges a refresh token for a new pair.',
    body: RefreshBody,
    replies: { 200: reply.PeerTokens, 400: reply.PeerError, 401: reply.PeerError },
  },
  verify: {
    ...anonymous,
    method: 'post',
    path: '/auth/verify',
    summary: 'Says whose access token this is: the one in the body, else the Bearer one.',
    body: spelled({ accessToken: ['token'] }, z.object({ accessToken: Token.optional() })).prefault({}),
    replies: verified,
  },
  verifyBearer: {
    ...anonymous,
    method: 'get',
    path: '/auth/verify',
    summary: 'Says whose access token the Bearer one is.',
    replies: verified,
  },
  logout: {
    ...anonymous,
    method: 'post',
    path: '/auth/logout',
    summary: 'Ends the session of the Bearer token, or of the refresh token in the body.',
    body: spelled({ refreshToken: ['refresh_token'] }, z.object({ refreshToken: Token.optional() })).prefault(
      {},
    ),
    replies: { 200: reply.PeerMessage, 401: reply.PeerError },
  },
  searchUsers: {
    ...user,
    method: 'get',
    path: '/api/users/search',
    summary: 'Users whose username or name holds `q`.',
    query: UserSearch,
    replies: { 200: reply.PeerFoundUsers, 400: reply.PeerError, 401: reply.PeerError },
  },
  generateInvitation: {
    ...admin,
    method: 'post',
    path: '/admin/invitations/generate',
    summary: 'Makes an invitation code for one registration.',
    replies: { 201: reply.PeerInvitationMade, ...refused },
  },
  listInvitations: {
    ...admin,
    method: 'get',
    path: '/admin/invitations',
    summary: 'Every invitation, newest first.',
    replies: { 200: reply.PeerInvitations, ...refused },
  },
  listInvitationsSlash: {
    ...admin,
    method: 'get',
    path: '/admin/invitations/',
    summary: 'The same, as the document writes the path.',
    replies: { 200: reply.PeerInvitations, ...refused },
  },
  listUsers: {
    ...admin,
    method: 'get',
    path: '/admin/users',
    summary: 'Every account.',
    replies: { 200: z.array(reply.PeerManagedUser), ...refused },
  },
  banUser: {
    ...admin,
    method: 'post',
    path: '/admin/users/:id/ban',
    summary: 'Closes an account until it is unbanned; its sockets are closed.',
    params: UserParams,
    replies: managed,
  },
  unbanUser: {
    ...admin,
    method: 'post',
    path: '/admin/users/:id/unban',
    summary: 'Opens a banned account again.',
    params: UserParams,
    replies: managed,
  },
  deleteUser: {
    ...admin,
    method: 'delete',
    path: '/admin/users/:id',
    summary: 'Deletes an account.',
    params: UserParams,
    replies: { 200: reply.PeerMessage, 404: reply.PeerError, ...refused },
  },
  changeRole: {
    ...admin,
    method: 'patch',
    path: '/admin/users/:id',
    summary: 'Makes an account an administrator, or an ordinary one.',
    params: UserParams,
    body: RoleChange,
    replies: { ...managed, 400: reply.PeerError },
  },
} as const satisfies RestTable;
