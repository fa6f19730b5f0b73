import type { Message, Room } from '@switchboard/protocol';
import type { z } from 'zod';
import type { ManagedAccount, TokenPair } from '../rest-fields/views.ts';
import { channelsMessage, channelsUser, integerId } from './encode.ts';
import type {
  ChannelsAccess,
  ChannelsLoggedOut,
  ChannelsProfile,
  ChannelsRoom,
  ChannelsTokens,
} from './rest.ts';
import type { ChannelsMessage } from './schema.ts';

export function channelsProfile({
  id,
  email,
  name,
  createdAt,
}: Pick<ManagedAccount, 'id' | 'email' | 'name' | 'createdAt'>): z.infer<typeof ChannelsProfile> {
  return { id: integerId(id), email: email ?? '', name, date_joined: createdAt };
}

export function channelsTokens({ accessToken, refreshToken }: TokenPair): z.infer<typeof ChannelsTokens> {
  return { access: accessToken, refresh: refreshToken };
}

export function channelsAccess(accessToken: string): z.infer<typeof ChannelsAccess> {
  return { access: accessToken };
}

export function channelsLoggedOut(): z.infer<typeof ChannelsLoggedOut> {
  return { message: 'Successfully logged out' };
}

/** @param creatorEmail Null for a creator without one. */
export function channelsRoom(room: Room, creatorEmail: string | null): z.infer<typeof ChannelsRoom> {
  return {
    id: Number(room.id),
    name: room.name,
    description: room.description,
    creator: channelsUser(room.creator, creatorEmail),
    room_type: room.kind,
    created_at: room.createdAt,
    is_active: room.active,
  };
}

/** In the order given. */
export function channelsMessages(
  messages: readonly Message[],
  emailOf: (userId: Message['sender']['id']) => string | null,
): z.infer<typeof ChannelsMessage>[] {
  return messages.map((message) => channelsMessage(message, emailOf(message.sender.id)));
}

/** A page of a list; links are absolute. */
export interface ChannelsPage<T> {
  readonly count: number | null;
  readonly next: string | null;
  readonly previous: string | null;
  readonly results: readonly T[];
}
