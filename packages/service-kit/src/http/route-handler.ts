import { type Identity, orThrow, SwitchboardError } from '@switchboard/protocol';
import type { Request, RequestHandler } from 'express';
import { bearerToken } from '../auth/bearer-token.ts';
import type { SessionVerifier } from '../auth/session-verifier.ts';
import { parseInput } from './parse-input.ts';
import type { ReadBody } from './read-body.ts';
import type { Route } from './route.ts';
import { sendReply } from './send-reply.ts';
import { hostOrigin } from './trusted-origin.ts';

/** One route as Express runs it: who asks, what they ask, the answer. Nobody's body is read before the asker is known. */
export function routeHandler(
  route: Route,
  readBody: ReadBody,
  verifier: SessionVerifier | undefined,
): RequestHandler {
  const actorOf = async (request: Request): Promise<Identity | undefined> => {
    if (route.access === 'anonymous') return undefined;
    if (!verifier) throw new TypeError('a route asks for a user and the app has no verifier');
    const actor = orThrow(await verifier.verify(bearerToken(request.headers)));
    if (route.access === 'admin' && actor.role !== 'admin') {
      throw new SwitchboardError({ code: 'PERMISSION_DENIED', message: 'Administrators only' });
    }
    return actor;
  };

  return async (request, response) => {
    response.locals.route = route.path;
    const actor = await actorOf(request);
    const sent = route.handOver && (await readBody(request, response));
    const taker = route.handOver?.(sent) ?? route;
    if (taker !== route) response.locals.dialect = taker.dialect;
    const params = taker.params && parseInput(taker.params, request.params);
    const query = taker.query && parseInput(taker.query, request.query);
    const body =
      taker.body && parseInput(taker.body, route.handOver ? sent : await readBody(request, response));
    const reply = await taker.handle({
      params,
      query,
      body,
      actor,
      ip: request.ip ?? '',
      userAgent: request.get('User-Agent')?.slice(0, 512),
      headers: request.headers,
      origin: hostOrigin(request),
      url: request.originalUrl,
    });
    sendReply(response, reply);
  };
}
