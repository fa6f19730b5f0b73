import type { Bus, Clock } from '@switchboard/ports';
import {
  answerRequest,
  type BusLogger,
  checkedPayload,
  createInHand,
  type InHand,
  wired,
} from '@switchboard/ports/engine';
import {
  type RequestName,
  type RequestPayload,
  type RequestReply,
  type Result,
  unavailable,
} from '@switchboard/protocol';
import { hop } from '../hop.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
/** Requests in hand per instance; past it the caller hears at once that it should come back. */
const MAX_IN_HAND = 5_000;

interface Instance {
  readonly inHand: InHand;
  readonly handle: (payload: unknown) => Promise<Result<unknown>>;
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
      return await answerRequest(name, payload, instance.handle, logger);
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
      const checked = checkedPayload(name, wired(payload));
      if (!checked.ok) return checked;
      const work = hop().then(() => answer(name, pick(name), checked.value));
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
