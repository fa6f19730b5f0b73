import { type Rejection, reject } from '@switchboard/protocol';

type Refusal = { readonly ok: false; readonly error: Rejection };

/** One text for an unknown user and for a wrong password: the answer must not say which it was. */
export const badCredentials = (): Refusal =>
  reject('UNAUTHORIZED', 'Invalid credentials', { detail: 'bad_credentials' });

export const tooManyLogins = (retryAfterMs: number): Refusal =>
  reject('RATE_LIMITED', 'Too many failed attempts, try again later', { retryable: true, retryAfterMs });

export const tooManyRegistrations = (): Refusal =>
  reject('RATE_LIMITED', 'Too many registrations at once, try again later', {
    retryable: true,
    retryAfterMs: 1_000,
  });

export const bannedAtLogin = (): Refusal =>
  reject('PERMISSION_DENIED', 'This account is banned', { detail: 'user_banned' });

export const tokenOfBanned = (): Refusal =>
  reject('UNAUTHORIZED', 'This account is banned', { detail: 'user_banned' });

export const tokenOfDeleted = (): Refusal =>
  reject('UNAUTHORIZED', 'User not found', { detail: 'user_deleted' });

export const revokedSession = (): Refusal =>
  reject('UNAUTHORIZED', 'This session is over', { detail: 'revoked_session' });

export const badRefreshToken = (): Refusal =>
  reject('UNAUTHORIZED', 'Invalid or expired refresh token', { detail: 'bad_refresh_token' });

export const wrongPassword = (): Refusal =>
  reject('PERMISSION_DENIED', 'The current password is wrong', { detail: 'wrong_password' });

export const userNotFound = (): Refusal => reject('USER_NOT_FOUND', 'User not found');

export const registrationClosed = (): Refusal =>
  reject('PERMISSION_DENIED', 'Registration is closed', { detail: 'registration_closed' });

export const invitationRequired = (): Refusal =>
  reject('PERMISSION_DENIED', 'Registration needs an invitation', { detail: 'invitation_required' });

/** Unknown, lapsed and used codes are told apart by nobody. */
export const badInvitation = (): Refusal =>
  reject('INVALID_DATA', 'Invalid or expired invitation code', {
    detail: 'bad_invitation',
    fields: { invitationCode: [{ rule: 'invalid', message: 'is not valid' }] },
  });

export const usernameTaken = (): Refusal =>
  reject('CONFLICT', 'Username is already taken', { detail: 'username_taken' });

export const emailTaken = (): Refusal =>
  reject('CONFLICT', 'E-mail address is already registered', { detail: 'email_taken' });

export const badUsername = (): Refusal =>
  reject('INVALID_DATA', 'Invalid username', {
    fields: {
      username: [
        { rule: 'invalid_format', message: 'may hold 1 to 64 letters a–z, digits and the characters _ . -' },
      ],
    },
  });

export const lastAdministrator = (): Refusal =>
  reject('PERMISSION_DENIED', 'The last administrator must stay one');

export const sessionNotFound = (): Refusal => reject('NOT_FOUND', 'Session not found');
