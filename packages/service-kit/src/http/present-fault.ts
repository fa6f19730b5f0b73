import type { DialectName, Rejection } from '@switchboard/protocol';
import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from '../logger.ts';
import { mongoFault } from '../mongo/mongo-fault.ts';
import { requestIdOf } from './request-id.ts';
import type { Reply } from './route.ts';
import { sendReply } from './send-reply.ts';

/** What decides the words of a refusal. */
export interface RefusedRequest {
  readonly method: string;
  readonly path: string;
  /** As the client said it; absent without one. */
  readonly contentType?: string;
  /** The dialect of the body, where that spoke another one than the path. */
  readonly dialect?: DialectName;
}

export type PresentError = (rejection: Rejection, request: RefusedRequest) => Reply;

/** The one place where an error becomes a reply: words by dialect, and one log line for what nobody foresaw. */
export function presentFault(presentError: PresentError, logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const { rejection, cause } = explain(error);
    if (rejection.code === 'INTERNAL' || rejection.code === 'SERVICE_UNAVAILABLE') {
      const facts = {
        requestId: requestIdOf(response),
        method: request.method,
        route: response.locals.route,
        err: cause,
      };
      if (rejection.code === 'INTERNAL') logger.error(facts, 'a request failed');
      else logger.warn(facts, 'a request met an unavailable dependency');
    }
    if (response.headersSent) return next(error);
    // What of the body was not read would be taken for the next request.
    if (!request.complete) response.setHeader('Connection', 'close');
    sendRejection(rejection, request, response, presentError, logger);
  };
}

export function sendRejection(
  rejection: Rejection,
  request: Request,
  response: Response,
  presentError: PresentError,
  logger: Logger,
): void {
  if (rejection.retryAfterMs !== undefined) {
    response.setHeader('Retry-After', String(Math.max(1, Math.ceil(rejection.retryAfterMs / 1000))));
  }
  try {
    sendReply(response, presentError(rejection, refusedRequest(request, response)));
  } catch (err) {
    logger.error({ err, code: rejection.code }, 'an error could not be worded');
    sendReply(response, { status: 500, body: { code: 'INTERNAL', message: 'Internal error' } });
  }
}

function refusedRequest(request: Request, response: Response): RefusedRequest {
  const contentType = request.headers['content-type'];
  const dialect = response.locals.dialect as DialectName | null | undefined;
  return {
    method: request.method,
    path: request.path,
    ...(contentType === undefined ? {} : { contentType }),
    ...(dialect ? { dialect } : {}),
  };
}

function explain(error: unknown): { rejection: Rejection; cause: unknown } {
  // Express's own: a path that is not valid percent-encoding.
  if (error instanceof URIError) {
    return {
      rejection: { code: 'INVALID_DATA', message: 'The path is malformed', retryable: false },
      cause: error,
    };
  }
  const fault = mongoFault(error);
  return { rejection: fault.rejection, cause: fault.cause ?? fault };
}
