import { z } from 'zod';
import { SessionId, UserId } from './ids.ts';

export const Role = z.enum(['user', 'admin']);
export type Role = z.infer<typeof Role>;

export const UserStatus = z.enum(['active', 'banned', 'deleted']);
export type UserStatus = z.infer<typeof UserStatus>;

/** What other users may see. `name` is the display name and falls back to the username. */
export const PublicUser = z.object({
  id: UserId,
  username: z.string(),
  name: z.string(),
});
export type PublicUser = z.infer<typeof PublicUser>;

/** What services may know of a user; `email` is shown only where a document shows it. */
export const DirectoryUser = PublicUser.extend({
  email: z.string().nullable(),
  status: UserStatus,
  role: Role,
  createdAt: z.iso.datetime(),
});
export type DirectoryUser = z.infer<typeof DirectoryUser>;

/** Who speaks: built from a verified access token and a live session, never from what a client says of itself. */
export const Identity = PublicUser.extend({
  email: z.string().nullable(),
  role: Role,
  sessionId: SessionId,
});
export type Identity = z.infer<typeof Identity>;

/** Claims of an access token. `sub` and `user_id` are the same string id. Times are seconds since 1970. */
export const AccessClaims = z.object({
  sub: UserId,
  user_id: UserId,
  username: z.string(),
  role: Role,
  type: z.literal('access'),
  jti: z.string(),
  sid: SessionId,
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  iat: z.number(),
  exp: z.number(),
});
export type AccessClaims = z.infer<typeof AccessClaims>;

export const TOKEN_ISSUER = 'switchboard';
export const TOKEN_AUDIENCE = 'switchboard';
