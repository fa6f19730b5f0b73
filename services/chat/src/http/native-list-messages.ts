import { nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { history, sync } from '../messages/list-messages.ts';

export function nativeListMessages(context: ChatContext): Route {
  return route({
    ...nativeRest.listMessages,
    async handle({ actor, params, query: { before, after, limit } }) {
      const conversationId = params.id;
      const page =
        after === undefined
          ? await history(context, { actor, conversationId, before, limit })
          : await sync(context, { actor, conversationId, after, limit });
      return { status: 200, body: orThrow(page) };
    },
  });
}
