import { nativePreferences, nativeRest } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';
import { setPreferences } from '../preferences/preferences.ts';

export const putPreferences = (context: NotificationContext): Route =>
  route({
    ...nativeRest.putPreferences,
    async handle({ actor, body }) {
      const { preferences, conversations } = await setPreferences(context, actor, body);
      return { status: 200, body: nativePreferences(preferences, conversations) };
    },
  });
