import { callbackify } from 'node:util';
import type { Agent, Dispatcher } from 'undici';
import { OutsideError } from './outside-error.ts';
import { notPublic, type OutsideRules, outsideUrl } from './outside-url.ts';
import { isPublicAddress } from './public-address.ts';
import { createPublicResolver, type ResolveName, resolveLocally } from './resolve-name.ts';

export interface OutsideOptions extends OutsideRules {
  /** Asked for every new connection. Default: the name servers, or the machine's own way when private addresses are allowed. */
  readonly resolve?: ResolveName;
  /** Connections to one origin at once; further requests to it wait, and their time runs. Default 8. */
  readonly connectionsPerOrigin?: number;
}

export interface OutsideRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** At most MAX_REQUEST_BYTES. */
  readonly body?: string | Uint8Array;
  /** From the call to the last byte of the reply, the name's resolution included. Default 15 000. */
  readonly timeoutMs?: number;
  /** What is kept of the reply; a longer one is cut there and its connection closed. Default 16 KiB. */
  readonly maxReplyBytes?: number;
  readonly signal?: AbortSignal;
}

export interface OutsideReply {
  /** Also a redirect's, which is not followed. */
  readonly status: number;
  /** Lower-case names; of several with one name, the first. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The reply went on past `maxReplyBytes`. */
  readonly cut: boolean;
}

/** The way out to URLs that somebody else chose. */
export interface Outside extends AsyncDisposable {
  /**
   * Whether a URL may be a target at all, judged without asking for its name; for registration.
   * @throws OutsideError refused, whose message completes "the URL …".
   */
  assertTarget(url: string): void;
  /**
   * Asks once: no redirect followed, no second try. Any status is a reply.
   * @throws OutsideError when there was none.
   */
  request(request: OutsideRequest): Promise<OutsideReply>;
}

export const MAX_REQUEST_BYTES = 256 * 1024;
const TIMEOUT_MS = 15_000;
const CONNECT_MS = 5_000;
const MAX_REPLY_BYTES = 16 * 1024;

/**
 * Requests to URLs that users and administrators gave us, which must not become requests to ourselves. The name is resolved for every new connection, refused if
 * any of its addresses is not public, and the connection goes to one of the addresses that were looked at: a name that changes its mind in between (DNS rebinding)
 * changes nothing.
 */
export function createOutside(options: OutsideOptions): Outside {
  const { allowPrivate, connectionsPerOrigin = 8 } = options;
  const resolve = options.resolve ?? (allowPrivate ? resolveLocally : createPublicResolver());
  const makeAgent = async (): Promise<Agent> => {
    const undici = await import('undici');
    return new undici.Agent({
      connections: connectionsPerOrigin,
      pipelining: 1,
      keepAliveTimeout: 10_000,
      keepAliveMaxTimeout: 60_000,
      maxHeaderSize: 16 * 1024,
      connect: {
        timeout: CONNECT_MS,
        autoSelectFamily: true,
        // Only for names; addresses in a URL were judged by `outsideUrl`.
        lookup: callbackify((name: string, _options: unknown) => checkedAddresses(name)),
      },
    });
  };
  /** Made for the first request: loading the library is a good part of a start, and many installations never send one. */
  let made: Promise<Agent> | undefined;
  const inHand = new Set<() => void>();
  let closed = false;

  const checkedAddresses = async (name: string): Promise<{ address: string; family: 4 | 6 }[]> => {
    const addresses = await resolve(name).catch(() => {
      throw new OutsideError('unresolved', 'the name has no address');
    });
    if (addresses.length === 0) throw new OutsideError('unresolved', 'the name has no address');
    if (!allowPrivate && !addresses.every(isPublicAddress)) throw notPublic();
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };

  const ask = async (url: URL, request: OutsideRequest, signal: AbortSignal): Promise<OutsideReply> => {
    made ??= makeAgent();
    const agent = await made;
    const reply = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method,
      headers: { 'user-agent': 'Switchboard', ...request.headers },
      body: request.body ?? null,
      // The one bound that counts is the signal's; an endpoint that drips bytes would never meet those between two of them.
      headersTimeout: 0,
      bodyTimeout: 0,
      signal,
    });
    const { body, cut } = await readUpTo(reply.body, request.maxReplyBytes ?? MAX_REPLY_BYTES);
    return { status: reply.statusCode, headers: firstOfEach(reply.headers), body, cut };
  };

  return {
    assertTarget(url) {
      outsideUrl(url, options);
    },
    async request(request) {
      const url = outsideUrl(request.url, options);
      if (Buffer.byteLength(request.body ?? '') > MAX_REQUEST_BYTES) {
        throw new OutsideError('refused', `more than ${MAX_REQUEST_BYTES} bytes to send`);
      }
      if (closed || request.signal?.aborted) throw givenUp();
      const ending = new AbortController();
      const end = (reason: OutsideError): void => ending.abort(reason);
      const giveUp = (): void => end(givenUp());
      const timer = setTimeout(end, request.timeoutMs ?? TIMEOUT_MS, late());
      request.signal?.addEventListener('abort', giveUp, { once: true });
      inHand.add(giveUp);
      try {
        return await Promise.race([ask(url, request, ending.signal), failAt(ending.signal)]);
      } catch (error) {
        throw ending.signal.aborted ? ending.signal.reason : failureOf(error);
      } finally {
        clearTimeout(timer);
        request.signal?.removeEventListener('abort', giveUp);
        inHand.delete(giveUp);
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      for (const giveUp of inHand) giveUp();
      await (await made)?.destroy();
    },
  };
}

/** undici hears an abort only once it has a connection to send on. */
function failAt(signal: AbortSignal): Promise<never> {
  return new Promise((_, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
  });
}

const late = () => new OutsideError('timeout', 'no reply in time');
const givenUp = () => new OutsideError('closed', 'given up');

/** With a code such as ECONNREFUSED; never a message, which could hold what the other side sent. */
function failureOf(error: unknown): OutsideError {
  if (error instanceof OutsideError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return late();
  const word = typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? ` (${code})` : '';
  return new OutsideError('unreachable', `no reply${word}`);
}

/** A body that never ends, or that says it is shorter than it is, costs no more than `most` bytes of memory. */
async function readUpTo(
  body: Dispatcher.ResponseData['body'],
  most: number,
): Promise<{ readonly body: Buffer; readonly cut: boolean }> {
  const chunks: Buffer[] = [];
  let left = most;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, left));
    // Leaving the loop destroys the stream, and with it the connection.
    if (chunk.length > left) return { body: Buffer.concat(chunks), cut: true };
    left -= chunk.length;
  }
  return { body: Buffer.concat(chunks), cut: false };
}

function firstOfEach(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value[0] : value,
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
