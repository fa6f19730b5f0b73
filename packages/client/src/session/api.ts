import { asSwitchboardError } from '../errors.ts';
import { pauseMs, sleep } from '../timing.ts';
import type { HttpRequest } from './http.ts';
import type { Session } from './session.ts';

const READ_RETRIES = 2;
const READ_BACKOFF = { baseMs: 300, maxMs: 3_000 };

/** REST requests of the user who is signed in. */
export class Api {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * What only reads is tried a few times when the server cannot be reached; what changes something is not, as it may have been done. Rejects
   * with a `SwitchboardError`.
   */
  async request<T>(
    method: HttpRequest['method'],
    path: string,
    body?: unknown,
    options: Pick<HttpRequest, 'signal'> = {},
  ): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#session.authorized<T>({ method, path, body, ...options });
      } catch (failure) {
        const error = asSwitchboardError(failure);
        const passing = error.code === 'NETWORK' || error.code === 'SERVICE_UNAVAILABLE';
        if (!passing || method !== 'GET' || attempt >= READ_RETRIES) throw error;
        await sleep(pauseMs(attempt, READ_BACKOFF, error.retryAfterMs), options.signal);
      }
    }
  }
}
