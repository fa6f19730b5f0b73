import { asSwitchboardError, type ErrorCode, refusal, SwitchboardError } from '../errors.ts';
import { deadline } from '../timing.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the server's base address, with query. */
  readonly path: string;
  readonly body?: unknown;
  readonly token?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One JSON request. Rejects with a `SwitchboardError`: the server's own, or NETWORK, TIMEOUT, ABORTED. */
export type Http = <T>(request: HttpRequest) => Promise<T>;

/** `baseUrl` without a slash at its end; empty for the page's own origin. */
export function createHttp(baseUrl: string, fetchFn: typeof fetch): Http {
  return async <T>({ method, path, body, token, timeoutMs = 15_000, signal }: HttpRequest): Promise<T> => {
    const limit = deadline(timeoutMs, `${method} ${path.split('?')[0]}`, signal);
    let response: Response;
    let text: string;
    try {
      response = await fetchFn(`${baseUrl}${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: limit.signal,
      });
      text = await response.text();
    } catch (error) {
      if (limit.signal.aborted) throw asSwitchboardError(limit.signal.reason);
      throw new SwitchboardError(
        { code: 'NETWORK', message: 'The server could not be reached' },
        { cause: error },
      );
    } finally {
      limit.clear();
    }
    const parsed = parse(text);
    if (response.ok) return parsed as T;
    const after = Number(response.headers.get('retry-after') ?? Number.NaN);
    throw refusal((parsed as { error?: unknown } | undefined)?.error, {
      code: codeOf(response.status),
      message: `The server answered ${response.status}`,
      status: response.status,
      ...(Number.isFinite(after) ? { retryAfterMs: after * 1000 } : {}),
    });
  };
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** For an answer that is not the server's own, from a proxy in between. */
function codeOf(status: number): ErrorCode {
  switch (status) {
    case 401:
      return 'UNAUTHORIZED';
    case 403:
      return 'PERMISSION_DENIED';
    case 404:
      return 'NOT_FOUND';
    case 413:
      return 'PAYLOAD_TOO_LARGE';
    case 429:
      return 'RATE_LIMITED';
    case 408:
    case 502:
    case 503:
    case 504:
      return 'SERVICE_UNAVAILABLE';
    default:
      return status < 500 ? 'INVALID_DATA' : 'INTERNAL';
  }
}
