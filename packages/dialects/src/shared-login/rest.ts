import { UserId } from '@switchboard/protocol';
import { z } from 'zod';
import { LoginByEmail } from '../rest-fields/credentials.ts';
import type { Account, TokenPair } from '../rest-fields/views.ts';
import type { RestTable } from '../rest-operation.ts';

const SharedLogin = z.object({
  success: z.literal(true),
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
const WrappedLogin = SharedLogin.extend({ data: SharedLogin });
const Failure = z.looseObject({ message: z.string() });
const failures = { 400: Failure, 401: Failure, 403: Failure, 429: Failure };

/** Log-ins that several documents share: one reply holds what each of their clients looks for. */
export const sharedLoginRest = {
  login: {
    method: 'post',
    path: '/api/auth/login',
    dialect: 'rooms',
    access: 'anonymous',
    summary: 'Logs in with e-mail or username, for clients of rooms, expo and jitsi.',
    body: LoginByEmail,
    replies: { 200: SharedLogin, ...failures },
  },
  wrappedLogin: {
    method: 'post',
    path: '/api/login',
    dialect: 'jitsi',
    access: 'anonymous',
    summary: 'The same, with the reply repeated under `data`.',
    body: LoginByEmail,
    replies: { 200: WrappedLogin, ...failures },
  },
} as const satisfies RestTable;

export function sharedLogin(
  { id, username, email, name }: Account,
  { accessToken, refreshToken }: TokenPair,
): z.infer<typeof SharedLogin> {
  return {
    success: true,
    message: 'Login successful',
    token: accessToken,
    accessToken,
    refreshToken,
    user: { id, _id: id, username, email, name },
  };
}

export function wrappedLogin(account: Account, tokens: TokenPair): z.infer<typeof WrappedLogin> {
  const reply = sharedLogin(account, tokens);
  return { ...reply, data: reply };
}
