import { LIMITS } from '@switchboard/protocol';
import { z } from 'zod';
import { spelled } from '../payload/spellings.ts';

const blank = { error: 'must not be blank', params: { rule: 'blank' } };
const MAX_PASSWORD = 1024;
const MAX_EMAIL = 254;
// Tokens are ours and far shorter; the bound keeps a hostile one cheap.
const MAX_TOKEN = 8192;

/** No @, so that no username can be taken for an e-mail address at log-in; no control characters. */
export const Username = z
  .string()
  .trim()
  .max(64)
  .refine((name) => name !== '', blank)
  .refine((name) => !/[@\p{C}]/u.test(name), {
    error: 'must not contain @ or control characters',
    params: { rule: 'invalid_format' },
  });

export const Email = z
  .string()
  .trim()
  .max(MAX_EMAIL)
  .pipe(z.email())
  .transform((email) => email.toLowerCase());

/** Joiners shape Persian and Indic names and emoji; they neither reorder nor break a line. */
const JOINERS = /[\u200c\u200d]/gu;

/** One line in its composed form, without the characters that hide, reorder or break what stands beside it. */
export const DisplayName = z
  .string()
  .trim()
  .normalize('NFC')
  .max(LIMITS.nameLength)
  .refine((name) => name.replace(JOINERS, '').trim() !== '', blank)
  .refine((name) => !/\p{C}/u.test(name.replace(JOINERS, '')), {
    error: 'must not contain control or formatting characters',
    params: { rule: 'invalid_format' },
  });

/** A password being chosen. The documents of the older vocabularies state no minimum; theirs is the custom of their frameworks. */
export const NewPassword = z.string().min(6).max(MAX_PASSWORD);
export const StrictNewPassword = z.string().min(8).max(MAX_PASSWORD);

export const GivenPassword = z.string().min(1).max(MAX_PASSWORD);
export const Token = z.string().min(1).max(MAX_TOKEN);
export const InvitationCode = z.string().trim().min(1).max(128);

const Identifier = z
  .string()
  .trim()
  .max(MAX_EMAIL)
  .refine((name) => name !== '', blank);

/** A log-in in the words of a document that calls the identifier `username`; out comes `{identifier, password}`. */
export const LoginByUsername = spelled(
  { username: ['email', 'identifier', 'login'] },
  z.object({ username: Identifier, password: GivenPassword }),
).transform(({ username, password }) => ({ identifier: username, password }));

/** The same for a document that calls it `email`. */
export const LoginByEmail = spelled(
  { email: ['username', 'identifier', 'login'] },
  z.object({ email: Identifier, password: GivenPassword }),
).transform(({ email, password }) => ({ identifier: email, password }));

export const RefreshBody = spelled(
  { refreshToken: ['refresh_token', 'refresh'] },
  z.object({ refreshToken: Token }),
);
