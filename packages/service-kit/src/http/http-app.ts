import type { ErrorCode } from '@switchboard/protocol';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import type { SessionVerifier } from '../auth/session-verifier.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { HealthCheck } from '../service.ts';
import { healthRoutes } from './health-routes.ts';
import { type PresentError, presentFault, sendRejection } from './present-fault.ts';
import { createReadBody } from './read-body.ts';
import { requestId } from './request-id.ts';
import type { Route } from './route.ts';
import { routeHandler } from './route-handler.ts';
import { type ClientOrigins, trustedOrigins } from './trusted-origin.ts';

export interface HttpAppOptions {
  readonly routes: readonly Route[];
  /** Words a rejection for the client that asked for `path`. */
  readonly presentError: PresentError;
  /** Needed as soon as a route asks for a user. */
  readonly verifier?: SessionVerifier;
  readonly clientOrigins: ClientOrigins;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly checks: readonly HealthCheck[];
  /** As Express understands it: number of proxies, addresses, or false for none. */
  readonly trustProxy: boolean | number | string;
  /** Folder of the web client. */
  readonly static?: string;
}

/**
 * The HTTP side of a service: its routes, `/livez`, `/readyz`, `/health` and `/metrics`, and one way of saying no. Paths are
 * strict (a trailing slash counts) and case-sensitive.
 * @throws TypeError for routes that contradict each other or lack their verifier.
 */
export function createHttpApp(options: HttpAppOptions): Express {
  const { routes, presentError, verifier, clientOrigins, logger, metrics, checks, trustProxy } = options;
  const app = express();
  app.disable('x-powered-by');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', trustProxy);

  app.use(requestId, observe(metrics), securityHeaders(), ...trustedOrigins(clientOrigins));
  app.use(healthRoutes(checks, metrics));

  const readBody = createReadBody();
  for (const route of inOrder(routes)) {
    if (route.access !== 'anonymous' && !verifier) {
      throw new TypeError(`${route.method} ${route.path} asks for a user and the app has no verifier`);
    }
    app[route.method](route.path, routeHandler(route, readBody, verifier));
  }
  if (options.static) {
    app.use(
      express.static(options.static, { redirect: false, dotfiles: 'ignore', etag: true, maxAge: '1m' }),
    );
  }
  for (const [path, methods] of methodsByPath(routes)) {
    // One entry a path, where `app.all` makes one for each of some thirty methods.
    app.route(path).all((_request, response, next) => {
      response.locals.allowed = [...((response.locals.allowed as string[]) ?? []), ...methods];
      next();
    });
  }
  app.use((request: Request, response: Response) => {
    const allowed = response.locals.allowed as string[] | undefined;
    if (allowed) response.setHeader('Allow', [...new Set(allowed)].join(', '));
    const code: ErrorCode = allowed ? 'METHOD_NOT_ALLOWED' : 'NOT_FOUND';
    const message = allowed ? `Method "${request.method}" not allowed` : 'Not found';
    sendRejection({ code, message, retryable: false }, request, response, presentError, logger);
  });
  app.use(presentFault(presentError, logger));
  return app;
}

/** Literal paths before patterns, so that `/users/me` is never taken for a user's id; otherwise as given. */
function inOrder(routes: readonly Route[]): Route[] {
  const seen = new Set<string>();
  for (const { method, path } of routes) {
    const name = `${method} ${path}`;
    if (seen.has(name)) throw new TypeError(`two routes for ${name}`);
    seen.add(name);
  }
  const isPattern = ({ path }: Route): boolean => /[:*{]/.test(path);
  return [...routes.filter((route) => !isPattern(route)), ...routes.filter(isPattern)];
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of routes) {
    const named = method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()];
    methods.set(path, [...(methods.get(path) ?? []), ...named]);
  }
  return methods;
}

/** Plain HTTP on a local network must work, so nothing is upgraded to HTTPS here; whoever ends TLS in front does that. */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      directives: {
        connectSrc: ["'self'", 'ws:', 'wss:', 'https:'],
        frameSrc: ["'self'", 'https:'],
        mediaSrc: ["'self'", 'blob:'],
        imgSrc: ["'self'", 'data:', 'blob:'],
        upgradeInsecureRequests: null,
      },
    },
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    crossOriginOpenerPolicy: { policy: 'same-origin-allow-popups' },
    originAgentCluster: false,
  });
}

function observe(metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    response.once('finish', () => {
      metrics.http({
        method: request.method,
        route: String(response.locals.route ?? 'none'),
        status: response.statusCode,
        seconds: (performance.now() - startedAt) / 1000,
      });
    });
    next();
  };
}
