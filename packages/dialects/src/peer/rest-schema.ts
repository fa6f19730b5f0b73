import { Role, UserId, UserStatus } from '@switchboard/protocol';
import { z } from 'zod';

export const PeerUser = z.object({
  id: UserId,
  _id: UserId,
  userId: UserId,
  username: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  role: Role,
});
export const PeerTokens = z.object({
  message: z.string(),
  accessToken: z.string(),
  refreshToken: z.string(),
  user: PeerUser,
});
export const PeerMessage = z.object({ message: z.string() });
export const PeerError = z.object({
  message: z.string(),
  code: z.string(),
  errors: z.array(z.object({ type: z.literal('field'), path: z.string(), msg: z.string() })).optional(),
});
export const PeerVerified = z.object({
  valid: z.literal(true),
  user: z.object({ userId: UserId, id: UserId, username: z.string() }),
});
export const PeerNotVerified = z.object({ valid: z.literal(false), message: z.string(), error: z.string() });
export const PeerFoundUsers = z.array(z.object({ _id: UserId, id: UserId, username: z.string() }));

const time = z.iso.datetime();
export const PeerInvitationMade = z.object({
  success: z.literal(true),
  message: z.string(),
  code: z.string(),
  expiresAt: time,
});
export const PeerInvitations = z.array(
  z.object({
    _id: z.string(),
    code: z.string(),
    isUsed: z.boolean(),
    usedBy: UserId.nullable(),
    usedAt: time.nullable(),
    createdAt: time,
    expiresAt: time,
  }),
);
export const PeerManagedUser = PeerUser.extend({ status: UserStatus, createdAt: time });
export const PeerManaged = z.object({ message: z.string(), user: PeerManagedUser });
