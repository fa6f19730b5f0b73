import { z } from 'zod';
import { DisplayName } from '../rest-fields/credentials.ts';
import { COMMON_PASSWORDS } from './common-passwords.ts';

/**
 * Fields as the serializers of Django REST Framework read them, complaints in its words. What is absent is told by the kit, which knows absent
 * from wrong.
 */
const length = (text: string): number => Array.from(text).length;

export const tooLong = (max: number) => `Ensure this field has no more than ${max} characters.`;
const BLANK = 'This field may not be blank.';
const NULL = 'This field may not be null.';

/** Numbers are taken for their digits; everything else but text is refused. */
const Given = z
  .union([z.string(), z.number()], {
    error: ({ input }) => (input === null ? NULL : 'Not a valid string.'),
  })
  .transform(String);

export interface TextOptions {
  /** In code points. */
  readonly max: number;
  readonly blank?: boolean;
  /** Blanks around it are dropped. */
  readonly trim?: boolean;
}

export function text({ max, blank = false, trim = true }: TextOptions) {
  return Given.transform((given, context) => {
    const value = trim ? given.trim() : given;
    if (value === '' && !blank) context.issues.push(complaint(value, BLANK));
    if (value.includes('\0')) context.issues.push(complaint(value, 'Null characters are not allowed.'));
    const half = /\p{Cs}/u.exec(value)?.[0].codePointAt(0);
    if (half !== undefined) {
      const name = half.toString(16).toUpperCase();
      context.issues.push(complaint(value, `Surrogate characters are not allowed: U+${name}.`));
    }
    if (length(value) > max) context.issues.push(complaint(value, tooLong(max)));
    return value;
  });
}

function complaint(input: string, message: string): { code: 'custom'; message: string; input: string } {
  return { code: 'custom', message, input };
}

/** A user's name: on one line, with nothing that hides or reorders. */
export const NameField = text({ max: 100 }).transform((name, context) => {
  const shown = DisplayName.safeParse(name);
  if (shown.success) return shown.data;
  context.issues.push(complaint(name, 'Enter a valid value.'));
  return z.NEVER;
});

export const EmailField = text({ max: 254 }).transform((email, context) => {
  if (!z.email().safeParse(email).success) {
    context.issues.push(complaint(email, 'Enter a valid email address.'));
  }
  return email.toLowerCase();
});

const MIN_PASSWORD = 8;
const MAX_PASSWORD = 1024;

export const GivenPasswordField = text({ max: MAX_PASSWORD, trim: false });

/** A password being chosen, by the validators that Django turns on by itself; that of likeness to other fields is left out. */
export const NewPasswordField = GivenPasswordField.transform((password, context) => {
  const complain = (message: string) => context.issues.push(complaint(password, message));
  if (length(password) < MIN_PASSWORD) {
    complain(`This password is too short. It must contain at least ${MIN_PASSWORD} characters.`);
  }
  if (COMMON_PASSWORDS.has(password.trim().toLowerCase())) complain('This password is too common.');
  if (/^\p{Nd}+$/u.test(password)) complain('This password is entirely numeric.');
  return password;
});

/** A value of a closed list; a wrong one is named in the complaint, cut short. */
export function choice<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, {
    error: ({ input }) => (input === null ? NULL : `"${shown(input)}" is not a valid choice.`),
  });
}

const SHOWN = 100;

function shown(input: unknown): string {
  const said = typeof input === 'string' ? input : (JSON.stringify(input) ?? '');
  return Array.from(said.slice(0, 2 * SHOWN))
    .slice(0, SHOWN)
    .join('');
}
