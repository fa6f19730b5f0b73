import { paired } from '@switchboard/dialects';
import { mongoFault, type Route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { channelsRoutes } from './channels/channels-routes.ts';
import { expoChatHistory } from './expo-chat-history.ts';
import { jitsiListMessages } from './jitsi-list-messages.ts';
import { jitsiSendMessage } from './jitsi-send-message.ts';
import { nativeCreateRoom } from './native-create-room.ts';
import { nativeDeleteRoom } from './native-delete-room.ts';
import { nativeGetRoom } from './native-get-room.ts';
import { nativeListConversations } from './native-list-conversations.ts';
import { nativeListMessages } from './native-list-messages.ts';
import { nativeListParticipants } from './native-list-participants.ts';
import { nativeListRooms } from './native-list-rooms.ts';
import { nativeSendMessage } from './native-send-message.ts';
import { nativeUpdateRoom } from './native-update-room.ts';
import { roomsCreateRoom } from './rooms/create-room.ts';
import { roomsListMessages } from './rooms/list-messages.ts';
import { roomsListRooms } from './rooms/list-rooms.ts';

export function chatRoutes(context: ChatContext): readonly Route[] {
  const made = [
    expoChatHistory,
    jitsiListMessages,
    jitsiSendMessage,
    nativeListConversations,
    nativeListMessages,
    nativeSendMessage,
    roomsCreateRoom,
    roomsListMessages,
    roomsListRooms,
    nativeListRooms,
    nativeCreateRoom,
    nativeGetRoom,
    nativeUpdateRoom,
    nativeDeleteRoom,
    nativeListParticipants,
  ].map((make) => make(context));
  return paired([...made, ...channelsRoutes(context)].map(withFaults));
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
