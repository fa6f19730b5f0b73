import { nativeParticipants, nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { listParticipants } from '../rooms/participants.ts';

export function nativeListParticipants(context: ChatContext): Route {
  return route({
    ...nativeRest.listParticipants,
    async handle({ params }) {
      const participants = orThrow(await listParticipants(context, { roomId: params.id }));
      return { status: 200, body: nativeParticipants(participants) };
    },
  });
}
