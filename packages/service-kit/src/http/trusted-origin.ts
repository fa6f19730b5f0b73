import { SwitchboardError } from '@switchboard/protocol';
import cors from 'cors';
import type { Request, RequestHandler } from 'express';

export type ClientOrigins = readonly string[] | '*';

/**
 * May a page from `origin` talk to us? One that we served may, and so may the trusted ones; no origin at all means an app or a server.
 * @param host Scheme and host as the client addressed us, e.g. `https://chat.example.org`.
 */
export function isTrustedOrigin(origin: string | undefined, trusted: ClientOrigins, host: string): boolean {
  if (origin === undefined || trusted === '*') return true;
  const asked = origin.toLowerCase();
  return asked === host.toLowerCase() || trusted.includes(asked);
}

export function hostOrigin(request: Request): string {
  return `${request.protocol}://${request.host ?? ''}`;
}

/** Refuses foreign origins with PERMISSION_DENIED, detail foreign_origin, and answers preflights of the others. */
export function trustedOrigins(trusted: ClientOrigins): RequestHandler[] {
  const refuse: RequestHandler = (request, _response, next) => {
    if (isTrustedOrigin(request.get('Origin'), trusted, hostOrigin(request))) return next();
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
