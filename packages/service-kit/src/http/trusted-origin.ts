import { SwitchboardError } from '@switchboard/protocol';
import cors from 'cors';
import type { Request, RequestHandler } from 'express';

export type ClientOrigins = readonly string[] | '*';

/**
 * May a page from `origin` talk to us? One that we served may, and so may the trusted ones; no origin at all means an app or a server.
 * Under which scheme a proxy in front serves us is not ours to know, and a page of the same host is no foreigner under either.
 * @param host As the client addressed us, e.g. `chat.example.org` or `localhost:3000`.
 */
export function isTrustedOrigin(origin: string | undefined, trusted: ClientOrigins, host: string): boolean {
  if (origin === undefined || trusted === '*') return true;
  const asked = origin.toLowerCase();
  const own = host.toLowerCase();
  return asked === `https://${own}` || asked === `http://${own}` || trusted.includes(asked);
}

/** Scheme and host as the client addressed us, for absolute links. */
export function hostOrigin(request: Request): string {
  return `${request.protocol}://${request.host ?? ''}`;
}

/** Refuses foreign origins with PERMISSION_DENIED, detail foreign_origin, and answers preflights of the others. */
export function trustedOrigins(trusted: ClientOrigins): RequestHandler[] {
  const refuse: RequestHandler = (request, _response, next) => {
    if (isTrustedOrigin(request.get('Origin'), trusted, request.host ?? '')) return next();
    next(
      new SwitchboardError({
        code: 'PERMISSION_DENIED',
        message: 'This origin is not allowed',
        detail: 'foreign_origin',
      }),
    );
  };
  const allow = cors({
    origin: trusted === '*' ? '*' : true,
    credentials: trusted !== '*',
    exposedHeaders: ['Retry-After', 'X-Request-Id', 'WWW-Authenticate'],
    maxAge: 600,
  });
  return [refuse, allow];
}
