import { nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { targetOf } from '../membership/membership.ts';
import { sendMessage } from '../messages/send-message.ts';
import { assertParticipant } from '../rooms/participants.ts';

export function nativeSendMessage(context: ChatContext): Route {
  return route({
    ...nativeRest.sendMessage,
    async handle({ actor, params, body }) {
      const to = orThrow(targetOf(actor.id, params.id));
      // Of a socket its edge knows where it takes part; a request comes from nowhere.
      if (to.kind === 'room') orThrow(await assertParticipant(context, { actor, roomId: to.roomId }));
      const sent = orThrow(await sendMessage(context, { actor, to, ...body }));
      return { status: sent.duplicate ? 200 : 201, body: sent };
    },
  });
}
