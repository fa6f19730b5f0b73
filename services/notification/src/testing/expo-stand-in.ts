import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  type Misbehaviour,
  type StandIn,
  type StandInReply,
  type StandInRequest,
  startStandIn,
} from './stand-in.ts';

const text = z.string().min(1);
/** As Expo documents a message; what it does not know it refuses. */
const ExpoMessage = z.strictObject({
  to: z.string().regex(/^Expo(nent)?PushToken\[[^\]]+\]$/),
  data: z.record(z.string(), z.unknown()),
  title: text.optional(),
  body: text.optional(),
  sound: z.literal('default').optional(),
  ttl: z.number().int().positive().max(2_419_200),
  priority: z.enum(['default', 'normal', 'high']),
  interruptionLevel: z.enum(['active', 'critical', 'passive', 'time-sensitive']).optional(),
  badge: z.number().int().nonnegative().optional(),
  channelId: text.optional(),
  categoryId: text.optional(),
  collapseId: text.max(64),
  tag: text.max(64),
  _contentAvailable: z.boolean().optional(),
});
export type ExpoMessage = z.infer<typeof ExpoMessage>;

const Typed = z.array(z.object({ data: z.object({ type: z.string() }) }));
const MAX_BATCH = 100;
const MAX_BYTES = 4_096;

export type ExpoReceipt =
  | { readonly status: 'ok' }
  | { readonly status: 'error'; readonly message: string; readonly details?: { readonly error: string } };

/** Expo's push service as far as its callers can tell: it checks what it is sent, hands out tickets and receipts, and keeps what each device got. */
export interface ExpoStandIn extends AsyncDisposable {
  /** What `EXPO_BASE_URL` is to say. */
  readonly url: string;
  readonly traffic: Pick<StandIn, 'requests' | 'inHand' | 'mostInHand'>;
  /** Everything that a device got, in order; what came again stands there again. */
  got(token: string): readonly ExpoMessage[];
  readonly tokens: readonly string[];
  /** What was wrong with what it was sent; empty is as it should be. */
  readonly complaints: readonly string[];
  /** These apps are gone. */
  readonly unregistered: Set<string>;
  /** What its tickets become in place of `ok`, by token. */
  readonly receipts: Map<string, ExpoReceipt | 'unknown'>;
  /** What becomes of a message in place of a ticket that says `ok`. */
  refuse: (message: ExpoMessage) => string | undefined;
  /** Asked before each request to send, with the types of what is sent; undefined: as it should. */
  misbehave: (types: readonly string[]) => Misbehaviour | undefined;
  readonly largestBatch: number;
}

/** @param accessToken Who asks without it is refused. */
export async function startExpoStandIn({
  accessToken,
}: {
  readonly accessToken?: string;
} = {}): Promise<ExpoStandIn> {
  const got = new Map<string, ExpoMessage[]>();
  const complaints: string[] = [];
  const tickets = new Map<string, string>();
  let largestBatch = 0;

  const refusal = (status: number, code: string): StandInReply => {
    complaints.push(code);
    return json(status, { errors: [{ code, message: code }] });
  };

  const ticket = (sent: ExpoMessage): unknown => {
    const error = self.unregistered.has(sent.to) ? 'DeviceNotRegistered' : self.refuse(sent);
    if (error !== undefined) return { status: 'error', message: `not sent: ${sent.to}`, details: { error } };
    if (Buffer.byteLength(JSON.stringify(sent)) > MAX_BYTES) {
      complaints.push('MessageTooBig');
      return { status: 'error', message: 'too big', details: { error: 'MessageTooBig' } };
    }
    got.set(sent.to, [...(got.get(sent.to) ?? []), sent]);
    const id = randomUUID();
    tickets.set(id, sent.to);
    return { status: 'ok', id };
  };

  const send = (body: unknown): StandInReply => {
    const batch = z.array(z.unknown()).safeParse(body);
    if (!batch.success) return refusal(400, 'VALIDATION_ERROR');
    if (batch.data.length > MAX_BATCH) return refusal(400, 'PUSH_TOO_MANY_NOTIFICATIONS');
    largestBatch = Math.max(largestBatch, batch.data.length);
    const messages = z.array(ExpoMessage).safeParse(batch.data);
    if (!messages.success) {
      complaints.push(JSON.stringify(messages.error.issues.slice(0, 3)));
      return refusal(400, 'VALIDATION_ERROR');
    }
    return json(200, { data: messages.data.map(ticket) });
  };

  const ask = (body: unknown): StandInReply => {
    const asked = z.object({ ids: z.array(z.uuid()).max(1_000) }).safeParse(body);
    if (!asked.success) return refusal(400, 'VALIDATION_ERROR');
    const answers = asked.data.ids.flatMap((id) => {
      const token = tickets.get(id);
      const receipt = token === undefined ? 'unknown' : (self.receipts.get(token) ?? { status: 'ok' });
      return receipt === 'unknown' ? [] : [[id, receipt] as const];
    });
    return json(200, { data: Object.fromEntries(answers) });
  };

  const take = ({ method, path, headers, body }: StandInRequest): StandInReply => {
    if (accessToken !== undefined && headers.authorization !== `Bearer ${accessToken}`) {
      return refusal(401, 'UNAUTHORIZED');
    }
    const parsed: unknown = JSON.parse(body.toString());
    if (method === 'POST' && path === '/--/api/v2/push/send') return send(parsed);
    if (method === 'POST' && path === '/--/api/v2/push/getReceipts') return ask(parsed);
    return refusal(404, 'NOT_FOUND');
  };

  const standIn = await startStandIn({
    misbehave({ path, body }) {
      if (!path.endsWith('/send')) return undefined;
      const batch = Typed.safeParse(JSON.parse(body.toString()));
      return self.misbehave(batch.success ? batch.data.map(({ data }) => data.type) : []);
    },
    take,
  });
  const self: ExpoStandIn = {
    url: standIn.url,
    traffic: standIn,
    got: (token) => got.get(token) ?? [],
    complaints,
    unregistered: new Set(),
    receipts: new Map(),
    refuse: () => undefined,
    misbehave: () => undefined,
    get tokens() {
      return [...got.keys()];
    },
    get largestBatch() {
      return largestBatch;
    },
    [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
  };
  return self;
}

function json(status: number, body: unknown): StandInReply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
