import { jsonBytes, LIMITS, ok, type Result, reject } from '@switchboard/protocol';

/**
 * The text of a message, verbatim, if it may be stored: not blank, at most `LIMITS.textBytes` as JSON, well-formed. Refuses with INVALID_DATA
 * and the rule `blank`, `too_big` or `ill_formed` for the field `content`.
 */
export function assertContent(content: string): Result<string> {
  if (content.trim() === '') return refuse('blank', 'must not be blank');
  if (jsonBytes(content) > LIMITS.textBytes) {
    return refuse('too_big', `must not exceed ${LIMITS.textBytes} bytes`);
  }
  if (!isWellFormed(content)) return refuse('ill_formed', 'must be well-formed Unicode');
  return ok(content);
}

/** False for text with a lone surrogate: UTF-8 cannot hold it, so it would be stored as another text than was sent. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function refuse(rule: string, message: string): Result<string> {
  return reject('INVALID_DATA', `content ${message}`, { fields: { content: [{ rule, message }] } });
}
