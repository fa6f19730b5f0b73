import type { Bus, Clock, RateLimits } from '@switchboard/ports';
import {
  createOwner,
  type Logger,
  type Metrics,
  type MongoHandle,
  type Owner,
  type Service,
} from '@switchboard/service-kit';
import { buildAuthContext } from './build-context.ts';
import type { AuthSettings } from './config.ts';
import { serveSessionCheck } from './handlers/session-check.ts';
import { serveUsersGet } from './handlers/users-get.ts';
import { authRoutes } from './http/routes.ts';
import { type Seeded, seed } from './seed/seed.ts';

export interface AuthDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Stays the caller's, who disposes of it after the service. */
  readonly mongo: MongoHandle;
  readonly rates: RateLimits;
}

export interface AuthService extends Service {
  /** What this start made, for the host to show once. */
  readonly seeded: Seeded;
  /** Resolves once everything announced and audited so far is said and stored. */
  settled(): Promise<void>;
}

/**
 * Accounts, sessions, invitations: the routes, and the requests `auth.session.check` and `auth.users.get`. Indexes are built, and
 * demo users and the first administrator made, before it resolves.
 * @throws SwitchboardError SERVICE_UNAVAILABLE while the database or the bus is away.
 */
export async function createAuth(config: AuthSettings, deps: AuthDeps): Promise<AuthService> {
  const owned = createOwner();
  try {
    return await assemble(config, deps, owned);
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

async function assemble(config: AuthSettings, deps: AuthDeps, owned: Owner): Promise<AuthService> {
  const context = await buildAuthContext(config, deps, owned);
  const seeded = await seed(context);
  owned.own(await serveSessionCheck(context));
  owned.own(await serveUsersGet(context));
  return {
    name: 'auth',
    routes: authRoutes(context),
    checks: [deps.mongo.check],
    seeded,
    async settled() {
      await context.announcer.settled();
      await context.audit.settled();
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}
