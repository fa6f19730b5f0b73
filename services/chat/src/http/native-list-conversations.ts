import { nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { listConversations } from '../conversations/list-conversations.ts';

export function nativeListConversations(context: ChatContext): Route {
  return route({
    ...nativeRest.listConversations,
    async handle({ actor, query: { limit } }) {
      return { status: 200, body: orThrow(await listConversations(context, { actor, limit })) };
    },
  });
}
