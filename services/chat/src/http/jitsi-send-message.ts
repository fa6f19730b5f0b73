import { jitsiMessageSent, jitsiRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { sendMessage } from '../messages/send-message.ts';

export function jitsiSendMessage(context: ChatContext): Route {
  return route({
    ...jitsiRest.sendMessage,
    async handle({ actor, body: { receiverId, content, type } }) {
      const to = { kind: 'direct', userId: receiverId } as const;
      const { message } = orThrow(await sendMessage(context, { actor, to, content, contentType: type }));
      return { status: 201, body: jitsiMessageSent(message) };
    },
  });
}
