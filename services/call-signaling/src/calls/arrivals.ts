import type { Session } from '../edge/session.ts';

interface Arrival {
  begun: boolean;
  readonly over: Promise<void>;
  readonly end: () => void;
}

/**
 * Sockets on their way into calls. One may speak as soon as it is authenticated, before the rest of the cluster has heard of it and before it was seen
 * whether it belongs into a call; what it says of a call has to wait for that.
 */
export class Arrivals {
  readonly #arrivals = new WeakMap<Session, Arrival>();

  /** True the first time: then the caller sees to it, and says when it is over. */
  begin(session: Session): boolean {
    const arrival = this.#of(session);
    const first = !arrival.begun;
    arrival.begun = true;
    return first;
  }

  /** It has arrived, or is gone. */
  end(session: Session): void {
    this.#of(session).end();
  }

  /** Resolves when the socket has arrived or is gone, begun or not. */
  over(session: Session): Promise<void> {
    return this.#of(session).over;
  }

  #of(session: Session): Arrival {
    const known = this.#arrivals.get(session);
    if (known) return known;
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const arrival = { begun: false, over, end };
    this.#arrivals.set(session, arrival);
    return arrival;
  }
}
