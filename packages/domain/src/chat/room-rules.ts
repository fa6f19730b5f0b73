import { LIMITS, ok, type Result, reject } from '@switchboard/protocol';
import { isWellFormed } from './content.ts';

/** Joiners shape Persian and Indic names and emoji; they neither reorder nor break a line. */
const JOINERS = /[\u200c\u200d]/gu;
/** Everything but the breaks and tabs of ordinary text. */
const CONTROLS = /(?![\t\n\r])\p{Cc}/u;

/**
 * A room's name as it is stored: trimmed, in composed form, 1 to `LIMITS.roomNameLength` characters on one line, without the ones that hide or
 * reorder what stands beside them. Refuses with INVALID_DATA and the rule `blank`, `too_big` or `invalid_format` for the field `name`.
 */
export function assertRoomName(text: string): Result<string> {
  const name = text.trim().normalize('NFC');
  const visible = name.replace(JOINERS, '');
  if (visible.trim() === '') return refuse('name', 'blank', 'must not be blank');
  if (length(name) > LIMITS.roomNameLength) return tooLong('name', LIMITS.roomNameLength);
  if (/\p{C}/u.test(visible)) {
    return refuse('name', 'invalid_format', 'must not contain control or formatting characters');
  }
  return ok(name);
}

/** A room's description as it is stored: trimmed, perhaps empty, at most `LIMITS.roomDescriptionLength` characters on any number of lines. */
export function assertRoomDescription(text: string): Result<string> {
  const description = text.trim();
  if (length(description) > LIMITS.roomDescriptionLength) {
    return tooLong('description', LIMITS.roomDescriptionLength);
  }
  if (!isWellFormed(description) || CONTROLS.test(description)) {
    return refuse('description', 'invalid_format', 'must not contain control characters');
  }
  return ok(description);
}

/** In code points: what users count, nearly. */
function length(text: string): number {
  return Array.from(text).length;
}

function tooLong(field: string, max: number): Result<string> {
  return refuse(field, 'too_big', `must not exceed ${max} characters`);
}

function refuse(field: string, rule: string, message: string): Result<string> {
  return reject('INVALID_DATA', `${field} ${message}`, { fields: { [field]: [{ rule, message }] } });
}
