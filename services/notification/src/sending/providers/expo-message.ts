import type { ExpoPushMessage } from 'expo-server-sdk';
import { presentationOf } from '../presentation.ts';
import type { Sendable } from '../provider.ts';

/** Android channels that an app makes: one that rings, one that does not. */
const CHANNEL = { calls: 'calls', messages: 'messages' } as const;
/** Beyond it Expo takes no time to live. */
const MAX_TTL_SECONDS = 2_419_200;

/**
 * A push as Expo's service takes it (https://docs.expo.dev/push-notifications/sending-notifications/#message-request-format). `data` is the content as we have it, with
 * `id` for whoever gets it twice. What takes something away has no title: the app is woken, and nothing is shown.
 */
export function expoMessage(push: Sendable, token: string, now: number): ExpoPushMessage {
  const { content, key, topic, expiresAt } = push;
  const ttl = Math.min(Math.max(1, Math.ceil((expiresAt - now) / 1_000)), MAX_TTL_SECONDS);
  const badge = 'badge' in content && content.badge !== undefined ? { badge: content.badge } : {};
  const common = {
    to: token,
    data: { v: 1, id: key, ...content },
    ttl,
    collapseId: topic,
    tag: topic,
    ...badge,
  };
  const shown = presentationOf(content);
  switch (content.type) {
    case 'call.incoming':
      return {
        ...common,
        ...shown,
        priority: 'high',
        sound: 'default',
        interruptionLevel: 'time-sensitive',
        channelId: CHANNEL.calls,
        categoryId: 'call',
        // So that an app in the background may begin to connect.
        _contentAvailable: true,
      };
    case 'call.missed':
      return { ...common, ...shown, priority: 'high', channelId: CHANNEL.messages };
    case 'message':
      return {
        ...common,
        ...shown,
        priority: 'high',
        sound: 'default',
        channelId: CHANNEL.messages,
        categoryId: 'message',
      };
    case 'call.cancelled':
      return { ...common, priority: 'high', _contentAvailable: true };
    case 'conversation.read':
      return { ...common, priority: 'normal', _contentAvailable: true };
  }
}
