import type { Bus, Clock } from '@switchboard/ports';
import {
  REQUESTS,
  Rejection,
  type RequestName,
  type RequestPayload,
  type RequestReply,
  type Result,
  reject,
  toRejection,
  unavailable,
} from '@switchboard/protocol';
import { hop, wired } from '../hop.ts';
import type { BusLogger } from './bus-logger.ts';
import { createInHand, type InHand } from './in-hand.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
/** Requests in hand per instance; past it the caller hears at once that it should come back. */
const MAX_IN_HAND = 5_000;

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

interface Instance {
  readonly inHand: InHand;
  handle(payload: unknown): Promise<Result<unknown>>;
}

export interface Requests extends Pick<Bus, 'request' | 'serve'> {
  /** Serves nobody any more; resolves when the requests in hand are answered. */
  close(): Promise<void>;
}

/** Queue groups: each request goes to one instance, in turn. */
export function createRequests(clock: Clock, logger: BusLogger | undefined): Requests {
  const groups = new Map<RequestName, Instance[]>();
  let closed = false;

  const pick = (name: RequestName): Instance => {
    const group = groups.get(name);
    const instance = group?.shift();
    if (closed || !group || !instance) throw unavailable(name);
    group.push(instance);
    if (instance.inHand.size >= MAX_IN_HAND) throw unavailable(name);
    return instance;
  };

  const answer = async (
    name: RequestName,
    instance: Instance,
    payload: unknown,
  ): Promise<Result<unknown>> => {
    instance.inHand.enter();
    try {
      const result = await instance.handle(payload);
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
    } finally {
      instance.inHand.leave();
    }
  };

  const within = <T>(ms: number, name: RequestName, work: Promise<T>): Promise<T> =>
    new Promise((resolve, fail) => {
      const timer = clock.after(ms, () => fail(unavailable(name)));
      void work.then(resolve, fail).finally(() => timer[Symbol.dispose]());
    });

  return {
    async request<N extends RequestName>(
      name: N,
      payload: RequestPayload<N>,
      { timeoutMs = DEFAULT_TIMEOUT_MS } = {},
    ): Promise<Result<RequestReply<N>>> {
      if (closed) throw unavailable(name);
      const parsed = (REQUESTS[name].payload as Schema).safeParse(wired(payload));
      if (!parsed.success) {
        return reject('INVALID_DATA', 'Invalid data', { fields: complaints(parsed.error.issues) });
      }
      const work = hop().then(() => answer(name, pick(name), parsed.data));
      const result = await within(timeoutMs, name, work);
      await hop();
      return result as Result<RequestReply<N>>;
    },

    async serve(name, handler) {
      if (closed) throw unavailable(name);
      const instance: Instance = {
        inHand: createInHand(),
        handle: handler as (payload: unknown) => Promise<Result<unknown>>,
      };
      const group = groups.get(name) ?? [];
      groups.set(name, group);
      group.push(instance);
      await hop();
      return {
        async [Symbol.asyncDispose]() {
          const at = group.indexOf(instance);
          if (at >= 0) group.splice(at, 1);
          await instance.inHand.idle();
        },
      };
    },

    async close() {
      closed = true;
      await Promise.all([...groups.values()].flat().map((instance) => instance.inHand.idle()));
    },
  };
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
