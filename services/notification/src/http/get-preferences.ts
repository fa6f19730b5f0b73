import { nativePreferences, nativeRest } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';
import { getPreferences as get } from '../preferences/preferences.ts';

export const getPreferences = (context: NotificationContext): Route =>
  route({
    ...nativeRest.getPreferences,
    async handle({ actor }) {
      const { preferences, conversations } = await get(context, actor);
      return { status: 200, body: nativePreferences(preferences, conversations) };
    },
  });
