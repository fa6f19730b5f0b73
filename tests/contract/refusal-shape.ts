import { z } from 'zod';
import { dialectOfPath } from '../../packages/dialects/src/index.ts';
import { type DialectName, ErrorCode } from '../../packages/protocol/src/index.ts';

const text = z.string().min(1);
const code = ErrorCode;
const complaints = z.array(z.object({ type: z.literal('field'), path: z.string(), msg: text })).optional();
const jitsi = z.object({ success: z.literal(false), error: z.looseObject({ code, message: text }) });
const expo = z.object({ error: text, errors: complaints });

/** Field → complaints. By hand: a field may have any name, also one that means something to JavaScript. */
function isFieldList(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const lists: unknown[] = Object.values(body);
  const said = (list: unknown) =>
    Array.isArray(list) && list.length > 0 && list.every((one) => typeof one === 'string');
  return lists.length > 0 && lists.every(said);
}

/** How each vocabulary says no over HTTP, from its document; extra keys are allowed, missing ones are not. */
const BODIES: Readonly<Record<DialectName, z.ZodType>> = {
  peer: z.object({ message: text, errors: complaints }),
  rooms: z.object({ message: text, error: text }),
  jitsi,
  expo,
  'expo-lower': expo,
  channels: z.union([z.object({ detail: text }), z.custom(isFieldList)]),
  native: z.object({ error: z.looseObject({ code, message: text, retryable: z.boolean() }) }),
};

/** @returns What is wrong with a refusal's body; undefined when it is in the vocabulary's shape. */
export function wrongRefusal(dialect: DialectName, body: unknown): string | undefined {
  return BODIES[dialect].safeParse(body).success ? undefined : `not a refusal of ${dialect}: ${shown(body)}`;
}

/** Where two documents differ by a slash alone, the body tells whose client it is, whatever the slash. */
const PAIRS = /^\/(api\/)?auth\/(login|logout|register)\/?$|^\/api\/rooms(\/[^/]+\/messages)?\/?$/;

/** The same for what a path was answered. */
export function wrongRefusalAt(method: string, path: string, body: unknown): string | undefined {
  const [pathname = path] = path.split('?', 1);
  const other = pathname.endsWith('/') ? pathname.slice(0, -1) : `${pathname}/`;
  const wrong = wrongRefusal(dialectOfPath(method, pathname), body);
  if (!wrong || !PAIRS.test(pathname)) return wrong;
  return wrongRefusal(dialectOfPath(method, other), body) && wrong;
}

const Ack = z.union([
  z.looseObject({ ok: z.literal(true), success: z.literal(true) }),
  z.looseObject({
    ok: z.literal(false),
    success: z.literal(false),
    error: z.looseObject({ code, message: text }),
  }),
]);

/** The same for the answer to a socket event. */
export function wrongAck(answer: unknown): string | undefined {
  return Ack.safeParse(answer).success ? undefined : `not an answer: ${shown(answer)}`;
}

const ErrorEvent = z.looseObject({ code, message: text, error: text });

/** The same for the `error` event that answers an event without an ack. */
export function wrongErrorEvent(payload: unknown): string | undefined {
  return ErrorEvent.safeParse(payload).success ? undefined : `not an error event: ${shown(payload)}`;
}

export function shown(value: unknown, length = 300): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, length);
}
