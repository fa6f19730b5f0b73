import { nativeConversationNotifications, nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';
import { setConversation } from '../preferences/preferences.ts';

export const putConversationNotifications = (context: NotificationContext): Route =>
  route({
    ...nativeRest.putConversationNotifications,
    async handle({ actor, params, body }) {
      const preference = orThrow(await setConversation(context, actor, params.id, body));
      return { status: 200, body: nativeConversationNotifications(preference) };
    },
  });
