import {
  REQUESTS,
  Rejection,
  type RequestName,
  type Result,
  reject,
  toRejection,
} from '@switchboard/protocol';
import type { BusLogger } from './bus-logger.ts';

/** The part of a zod schema used here. */
interface Schema {
  safeParse(
    value: unknown,
  ): { success: true; data: unknown } | { success: false; error: { issues: readonly Issue[] } };
}
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly code?: string;
  readonly message: string;
}

/** What the value looks like once it has been on the wire: JSON, shared with nobody. */
export function wired(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}

/** A request's payload as its schema has it; INVALID_DATA otherwise, before anybody is asked. */
export function checkedPayload(name: RequestName, payload: unknown): Result<unknown> {
  const parsed = (REQUESTS[name].payload as Schema).safeParse(payload);
  if (parsed.success) return { ok: true, value: parsed.data };
  return reject('INVALID_DATA', 'Invalid data', { fields: complaints(parsed.error.issues) });
}

/**
 * Carries a request out and words its reply, whatever the handler does: a foreseen refusal as it is, what it throws as `toRejection` has it, a reply
 * that does not fit its schema as a fault of the server. Never rejects.
 */
export async function answerRequest(
  name: RequestName,
  payload: unknown,
  handler: (payload: unknown) => Promise<Result<unknown>>,
  logger: BusLogger | undefined,
): Promise<Result<unknown>> {
  try {
    const result = await handler(payload);
    if (!result.ok) return { ok: false, error: Rejection.parse(wired(result.error)) };
    const reply = (REQUESTS[name].reply as Schema).safeParse(wired(result.value));
    if (reply.success) return { ok: true, value: reply.data };
    logger?.error(
      { request: name, fields: complaints(reply.error.issues) },
      'a reply does not fit its schema',
    );
    return { ok: false, error: toRejection(undefined) };
  } catch (err) {
    const error = toRejection(err);
    if (error.code === 'INTERNAL') logger?.error({ request: name, err }, 'a request handler threw');
    return { ok: false, error };
  }
}

/** Names fields and rules, never values. */
function complaints(issues: readonly Issue[]): NonNullable<Rejection['fields']> {
  const fields: NonNullable<Rejection['fields']> = {};
  for (const { path, code, message } of issues.slice(0, 20)) {
    const field = path.map(String).join('.') || 'payload';
    const complaint = { rule: code ?? 'invalid', message };
    fields[field] = [...(fields[field] ?? []), complaint];
  }
  return fields;
}
