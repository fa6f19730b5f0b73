import type { Msg } from '@nats-io/transport-node';
import type { Bus } from '@switchboard/ports';
import {
  answerRequest,
  type BusLogger,
  checkedPayload,
  createInHand,
  wired,
} from '@switchboard/ports/engine';
import type { Rejection, RequestName, RequestPayload, RequestReply, Result } from '@switchboard/protocol';
import { toRejection, unavailable } from '@switchboard/protocol';
import { type NatsLink, reaching } from './connect.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
/** Requests in hand per instance; past it the caller hears at once that it should come back. */
const MAX_IN_HAND = 5_000;

const subjectOf = (name: RequestName): string => `rpc.${name}`;

export interface Requests extends Pick<Bus, 'request' | 'serve'> {
  /** Serves nobody any more; resolves when the requests in hand are answered. */
  close(): Promise<void>;
}

/** Request and reply over core NATS: one of the queue group of the request's name answers. */
export function createRequests(link: NatsLink, logger: BusLogger | undefined): Requests {
  const serving = new Set<AsyncDisposable>();
  let closed = false;

  return {
    async request<N extends RequestName>(
      name: N,
      payload: RequestPayload<N>,
      { timeoutMs = DEFAULT_TIMEOUT_MS } = {},
    ): Promise<Result<RequestReply<N>>> {
      if (closed) throw unavailable(name);
      const checked = checkedPayload(name, wired(payload));
      if (!checked.ok) return checked;
      const text = JSON.stringify(checked.value);
      const reply = await reaching(link, name, () =>
        link.nats.request(subjectOf(name), text, { timeout: timeoutMs }),
      );
      // The serving side has checked it against its schema.
      const result = reply.json<Result<RequestReply<N>>>();
      if (!result.ok && result.error.code === 'SERVICE_UNAVAILABLE' && result.error.retryable) {
        throw unavailable(name);
      }
      return result;
    },

    async serve(name, handler) {
      if (closed) throw unavailable(name);
      const inHand = createInHand();
      const handle = handler as (payload: unknown) => Promise<Result<unknown>>;
      const refuse = (error: Rejection) => JSON.stringify({ ok: false, error });
      /** Never throws: a reply too big for the server is a fault of ours, and without a connection there is nobody to tell. */
      const reply = (message: Msg, text: string): void => {
        if (link.nats.isClosed()) return;
        try {
          message.respond(text);
        } catch (err) {
          logger?.error({ request: name, err }, 'a reply cannot be sent');
          if (!link.nats.isClosed()) message.respond(refuse(toRejection(undefined)));
        }
      };
      const subscription = link.nats.subscribe(subjectOf(name), {
        queue: name,
        callback(error, message) {
          if (error) return;
          if (inHand.size >= MAX_IN_HAND) {
            reply(message, refuse(toRejection(unavailable(name))));
            return;
          }
          inHand.enter();
          const work = async (): Promise<string> => {
            // Checked again: whoever is let onto the bus may not know our schemas.
            const checked = checkedPayload(name, message.json());
            return JSON.stringify(
              checked.ok ? await answerRequest(name, checked.value, handle, logger) : checked,
            );
          };
          void work()
            .catch(() => refuse(toRejection(undefined)))
            .then((text) => reply(message, text))
            .finally(() => inHand.leave());
        },
      });
      // Known to the server before anybody is told that it is served.
      await reaching(link, name, () => link.nats.flush());
      const stop: AsyncDisposable = {
        async [Symbol.asyncDispose]() {
          serving.delete(stop);
          if (!subscription.isClosed()) {
            if (link.up) await subscription.drain().catch(() => undefined);
            else subscription.unsubscribe();
          }
          await inHand.idle();
          if (link.up) await link.nats.flush().catch(() => undefined);
        },
      };
      serving.add(stop);
      return stop;
    },

    async close() {
      closed = true;
      await Promise.all([...serving].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}
