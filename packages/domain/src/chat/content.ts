import { jsonBytes, LIMITS, ok, type Result, reject } from '@switchboard/protocol';

/**
 * The text of a message, verbatim, if it may be stored: not blank, at most `LIMITS.textBytes` as JSON. Refuses with INVALID_DATA and the rule
 * `blank` or `too_big` for the field `content`.
 */
export function assertContent(content: string): Result<string> {
  if (content.trim() === '') return refuse('blank', 'must not be blank');
  if (jsonBytes(content) > LIMITS.textBytes) {
    return refuse('too_big', `must not exceed ${LIMITS.textBytes} bytes`);
  }
  return ok(content);
}

function refuse(rule: string, message: string): Result<string> {
  return reject('INVALID_DATA', `content ${message}`, { fields: { content: [{ rule, message }] } });
}
