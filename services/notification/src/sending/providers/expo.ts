import type { Clock } from '@switchboard/ports';
import type { Logger } from '@switchboard/service-kit';
import type { Expo, ExpoPushReceipt, ExpoPushTicket } from 'expo-server-sdk';
import { type Outcome, retryAfterMs } from '../outcome.ts';
import { type Provider, REQUEST_MS, type Sendable } from '../provider.ts';
import { within } from '../within.ts';
import { expoMessage } from './expo-message.ts';
import type { ExpoExchange, ExpoLine } from './expo-request.ts';

/** Where Expo's service is, unless configured. */
const EXPO_URL = 'https://exp.host';
/** As Expo asks of its callers: at most six requests at once, with a hundred pushes or three hundred receipts each. */
const REQUESTS = { call: 2, chat: 4 } as const;
const BATCH = 100;
const RECEIPT_BATCH = 300;
/** For the questions about receipts. */
const ASKING = 1;

export interface ExpoOptions {
  /** Default: Expo's own. */
  readonly baseUrl?: string;
  readonly accessToken?: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What became of a push that Expo took. `unknown`: it cannot say yet, or any more. */
export type ReceiptAnswer =
  | { readonly step: 'delivered' }
  | { readonly step: 'failed'; readonly detail: string; readonly gone?: true }
  | { readonly step: 'unknown' };

export interface ExpoProvider extends Provider, AsyncDisposable {
  /** At most `receiptBatch` at once. Rejects when there is no answer. */
  receipts(ticketIds: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ReceiptAnswer>>;
  readonly receiptBatch: number;
}

export function createExpoProvider({
  baseUrl = EXPO_URL,
  accessToken,
  clock,
  logger,
}: ExpoOptions): ExpoProvider {
  const makeLine = async (): Promise<ExpoLine> => {
    const { createExpoLine } = await import('./expo-request.ts');
    return createExpoLine(baseUrl, REQUESTS.call + REQUESTS.chat + ASKING);
  };
  /** Made for the first request: what it loads is a good part of a start, and many installations have no device of Expo. */
  let made: Promise<ExpoLine> | undefined;

  /** One request by Expo's library, which would ask again after a 429 by itself: the line refuses it. */
  const ask = async <T>(
    outer: AbortSignal,
    call: (expo: Expo) => Promise<T>,
  ): Promise<{ readonly answer?: T; readonly error?: unknown; readonly seen: ExpoExchange }> => {
    let seen: ExpoExchange = { begun: false };
    try {
      made ??= makeLine();
      const [line, { Expo: Library }] = await Promise.all([made, import('expo-server-sdk')]);
      const answer = await within(REQUEST_MS, outer, (signal) => {
        const exchange = line.exchange(signal);
        seen = exchange.seen;
        return call(
          new Library({
            httpAgent: exchange.dispatcher,
            retryMinTimeout: 0,
            ...(accessToken === undefined ? {} : { accessToken }),
          }),
        );
      });
      return { answer, seen };
    } catch (error) {
      return { error, seen };
    }
  };

  return {
    laneOf: () => 'expo',
    batch: BATCH,
    requests: REQUESTS,

    async send(pushes, signal) {
      const now = clock.now();
      const messages = pushes.map((push) => expoMessage(push, tokenOf(push), now));
      const { answer, error, seen } = await ask(signal, (expo) => expo.sendPushNotificationsAsync(messages));
      if (answer?.length === pushes.length) return answer.map((ticket) => ofTicket(ticket, logger));
      const outcome = withoutTickets(seen, error, clock.now());
      if (outcome.step === 'failed') logger.error({ reason: outcome.detail }, 'Expo refuses pushes');
      return pushes.map(() => outcome);
    },

    receiptBatch: RECEIPT_BATCH,

    async receipts(ticketIds, signal) {
      const { answer, seen } = await ask(signal, (expo) =>
        expo.getPushNotificationReceiptsAsync([...ticketIds]),
      );
      if (!answer) throw new Error(`no receipts: ${seen.status ?? 'no answer'}`);
      return new Map(
        ticketIds.map((id) => [id, ofReceipt(Object.hasOwn(answer, id) ? answer[id] : undefined, logger)]),
      );
    },

    async [Symbol.asyncDispose]() {
      await (await made)?.[Symbol.asyncDispose]();
    },
  };
}

function tokenOf({ device: { address } }: Sendable): string {
  if (address.kind !== 'expo') throw new TypeError('not a device of Expo');
  return address.token;
}

/** A request that brought no tickets. */
function withoutTickets({ status, retryAfter, begun }: ExpoExchange, error: unknown, now: number): Outcome {
  if (status === undefined) {
    return { step: 'retry', detail: 'unreachable', uncertain: begun, lane: true };
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (status === 429 || code === 'TOO_MANY_REQUESTS' || code === 'RATE_LIMIT_EXCEEDED') {
    const afterMs = retryAfterMs(retryAfter, now) ?? 1_000;
    return { step: 'retry', detail: 'too_many_requests', uncertain: false, lane: true, pause: true, afterMs };
  }
  // It said yes, and nothing that can be understood: it has taken them, or not.
  if (status === 200 && code === undefined) {
    return { step: 'retry', detail: 'garbled', uncertain: true, lane: true };
  }
  if (status >= 500 || status === 408) {
    const afterMs = retryAfterMs(retryAfter, now);
    return {
      step: 'retry',
      detail: `http_${status}`,
      uncertain: false,
      lane: true,
      pause: true,
      ...(afterMs === undefined ? {} : { afterMs }),
    };
  }
  return { step: 'failed', detail: wordOf(code) ?? `http_${status}` };
}

function ofTicket(ticket: ExpoPushTicket | null | undefined, logger: Logger): Outcome {
  if (ticket?.status === 'ok') {
    return typeof ticket.id === 'string' && ticket.id.length <= 200
      ? { step: 'sent', ticketId: ticket.id }
      : { step: 'sent' };
  }
  if (ticket?.status !== 'error') return { step: 'retry', detail: 'garbled', uncertain: true, lane: false };
  const error = wordOf(ticket.details?.error);
  switch (error) {
    case 'DeviceNotRegistered':
      return { step: 'failed', detail: error, gone: true };
    case 'MessageRateExceeded':
    case 'ExpoError':
    case 'ProviderError':
      return { step: 'retry', detail: error, uncertain: false, lane: false };
    case 'InvalidCredentials':
    case 'DeveloperError':
      logger.error({ reason: error }, 'Expo has no credentials to push to this app');
      return { step: 'failed', detail: error };
    default:
      return { step: 'failed', detail: error ?? 'refused' };
  }
}

function ofReceipt(receipt: ExpoPushReceipt | null | undefined, logger: Logger): ReceiptAnswer {
  if (receipt?.status === 'ok') return { step: 'delivered' };
  if (receipt?.status !== 'error') return { step: 'unknown' };
  const detail = wordOf(receipt.details?.error) ?? 'refused';
  if (detail === 'InvalidCredentials' || detail === 'DeveloperError') {
    logger.error({ reason: detail }, 'Expo has no credentials to push to this app');
  }
  return detail === 'DeviceNotRegistered'
    ? { step: 'failed', detail, gone: true }
    : { step: 'failed', detail };
}

/** A machine word that somebody else wrote. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^\w{1,64}$/.test(value) ? value : undefined;
}
