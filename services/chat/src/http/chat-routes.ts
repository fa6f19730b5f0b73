import { mongoFault, type Route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { expoChatHistory } from './expo-chat-history.ts';
import { jitsiListMessages } from './jitsi-list-messages.ts';
import { jitsiSendMessage } from './jitsi-send-message.ts';
import { nativeListConversations } from './native-list-conversations.ts';
import { nativeListMessages } from './native-list-messages.ts';
import { nativeSendMessage } from './native-send-message.ts';

export function chatRoutes(context: ChatContext): readonly Route[] {
  return [
    expoChatHistory,
    jitsiListMessages,
    jitsiSendMessage,
    nativeListConversations,
    nativeListMessages,
    nativeSendMessage,
  ].map((make) => withFaults(make(context)));
}

/** The driver's errors, in the terms that the HTTP app words. */
function withFaults(route: Route): Route {
  return {
    ...route,
    async handle(request) {
      try {
        return await route.handle(request);
      } catch (error) {
        throw mongoFault(error);
      }
    },
  };
}
