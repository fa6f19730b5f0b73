import { nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';
import { removeConversation } from '../preferences/preferences.ts';

export const deleteConversationNotifications = (context: NotificationContext): Route =>
  route({
    ...nativeRest.deleteConversationNotifications,
    async handle({ actor, params }) {
      orThrow(await removeConversation(context, actor, params.id));
      return { status: 204 };
    },
  });
