import type { Line, LineHandlers, OpenLine } from '../connection/line.ts';
import { lineLost, SwitchboardError } from '../errors.ts';
import type { ServerEvent, ServerEvents } from '../wire.ts';

export type Answer = (event: string, payload: Record<string, unknown>) => unknown;

/** A line whose server is the test. */
export class FakeLine implements Line {
  readonly token: string;
  readonly deviceId: string;
  readonly requests: { readonly event: string; readonly payload: Record<string, unknown> }[] = [];
  readonly #handlers: LineHandlers;
  readonly #answer: Answer;
  #broken: ((error: SwitchboardError) => void)[] = [];
  over = false;

  constructor(token: string, deviceId: string, handlers: LineHandlers, answer: Answer) {
    this.token = token;
    this.deviceId = deviceId;
    this.#handlers = handlers;
    this.#answer = answer;
  }

  admit(): void {
    this.#handlers.opened({ userId: '1', deviceId: this.deviceId, socketId: 'socket' });
  }

  tell<E extends ServerEvent>(event: E, payload: ServerEvents[E]): void {
    this.#handlers.event(event, payload);
  }

  /** Ends it from outside. */
  lose(error = lineLost()): void {
    if (this.over) return;
    this.over = true;
    for (const fail of this.#broken) fail(error);
    this.#handlers.closed(error);
  }

  async request(event: string, payload: unknown): Promise<unknown> {
    if (this.over) throw lineLost();
    const asked = payload as Record<string, unknown>;
    this.requests.push({ event, payload: asked });
    return new Promise((resolve, reject) => {
      this.#broken.push(reject);
      Promise.resolve()
        .then(() => this.#answer(event, asked))
        .then(resolve, reject);
    });
  }

  close(): void {
    this.over = true;
    for (const fail of this.#broken) fail(lineLost());
  }
}

/** Lines in the order in which they were opened. `refuse`: what an attempt meets instead of being let in. */
export class FakeLines {
  readonly opened: FakeLine[] = [];
  answer: Answer = () => ({});
  refuse: (token: string, attempt: number) => SwitchboardError | undefined = () => undefined;

  readonly open: OpenLine = ({ token }, handlers) => {
    const line = new FakeLine(token, `device-${this.opened.length + 1}`, handlers, (event, payload) =>
      this.answer(event, payload),
    );
    this.opened.push(line);
    const refusal = this.refuse(token, this.opened.length);
    queueMicrotask(() => (refusal ? line.lose(refusal) : line.admit()));
    return line;
  };

  get last(): FakeLine {
    const line = this.opened.at(-1);
    if (!line) throw new Error('no line was opened');
    return line;
  }
}

export const refusal = (
  code: SwitchboardError['code'],
  more: { retryable?: boolean; retryAfterMs?: number } = {},
) => new SwitchboardError({ code, message: code, ...more });
