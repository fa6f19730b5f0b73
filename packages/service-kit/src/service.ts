import type { Server } from 'node:http';
import type { Route } from './http/route.ts';

/** One dependency or duty that readiness asks about. */
export interface HealthCheck {
  readonly name: string;
  /** Rejects, or takes longer than a second, while it is not fit for traffic. */
  check(): Promise<void>;
}

/**
 * A running service, whoever hosts it: its own process or the all-in-one. The host mounts the routes, attaches the server,
 * asks the checks, and on the way down calls `drain` before disposing.
 */
export interface Service extends AsyncDisposable {
  readonly name: string;
  readonly routes: readonly Route[];
  readonly checks: readonly HealthCheck[];
  /** Takes its share of upgrade requests and sockets. */
  attach?(server: Server): void;
  /** Tells clients to move and finishes work in hand; resolves when nothing is left or the time is over. */
  drain?(withinMs: number): Promise<void>;
}
