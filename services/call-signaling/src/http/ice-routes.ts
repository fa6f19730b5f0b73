import { type MediaWays, nativeRest } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';

/** Where clients learn their STUN and TURN servers before a call; those of a call come with it. */
export function iceRoutes(iceServers: MediaWays['iceServers']): readonly Route[] {
  return [nativeRest.iceServers, nativeRest.iceServersInShort].map((operation) =>
    route({
      ...operation,
      handle: async ({ actor }) => ({
        status: 200,
        // Whoever caches the reply hands somebody's credentials to others.
        headers: { 'Cache-Control': 'no-store' },
        body: iceServers(actor.id),
      }),
    }),
  );
}
