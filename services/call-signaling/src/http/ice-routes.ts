import { nativeRest } from '@switchboard/dialects';
import type { Clock } from '@switchboard/ports';
import { type Route, route } from '@switchboard/service-kit';
import { type IceSettings, iceServersFor } from '../ice/ice-servers.ts';

/** Where clients learn their STUN and TURN servers; asked anew for each call, since credentials lapse. */
export function iceRoutes(settings: IceSettings, clock: Clock): readonly Route[] {
  return [
    route({
      ...nativeRest.iceServers,
      handle: async ({ actor }) => ({
        status: 200,
        // Whoever caches the reply hands somebody's credentials to others.
        headers: { 'Cache-Control': 'no-store' },
        body: iceServersFor(actor.id, settings, clock),
      }),
    }),
  ];
}
