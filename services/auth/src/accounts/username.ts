import { ok, type Result } from '@switchboard/protocol';
import { badUsername } from '../refusals.ts';

/** ASCII alone, so that no two usernames look alike. */
const USERNAME = /^[\w.-]{1,64}$/;

export function isUsername(text: string): boolean {
  return USERNAME.test(text);
}

export function checkUsername(username: string): Result<void> {
  return isUsername(username) ? ok(undefined) : badUsername();
}
