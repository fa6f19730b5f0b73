import {
  type ConversationId,
  type ConversationNotifications,
  directConversation,
  directMembers,
  type Identity,
  type NotificationPreferences,
  ok,
  type Result,
  reject,
  roomOf,
  type UserId,
} from '@switchboard/protocol';
import type { DeviceContext } from '../devices/device-context.ts';
import { tellChanged } from '../devices/tell-changed.ts';
import type { ConversationPreference } from '../store/preference-records.ts';

export interface AllPreferences {
  readonly preferences: NotificationPreferences;
  readonly conversations: readonly ConversationPreference[];
}

export async function getPreferences(
  { preferences: records }: DeviceContext,
  { id }: Identity,
): Promise<AllPreferences> {
  const [said, conversations] = await Promise.all([records.ofUsers([id]), records.conversationsOf(id)]);
  const preferences = said.get(id);
  if (!preferences) throw new RangeError('preferences of everybody asked for');
  return { preferences, conversations };
}

export async function setPreferences(
  context: DeviceContext,
  actor: Identity,
  preferences: NotificationPreferences,
): Promise<AllPreferences> {
  await context.preferences.set(actor.id, preferences);
  tellChanged(context, actor.id);
  return getPreferences(context, actor);
}

/** Refuses with PERMISSION_DENIED, ROOM_NOT_FOUND, or CONFLICT when there are too many. @throws SwitchboardError while rooms cannot be asked after. */
export async function setConversation(
  context: DeviceContext,
  { id }: Identity,
  conversationId: ConversationId,
  { mode, mutedUntil }: ConversationNotifications,
): Promise<Result<ConversationPreference>> {
  const there = await mayHear(context, id, conversationId);
  if (!there.ok) return there;
  const preference = {
    conversationId,
    ...(mode === undefined ? {} : { mode }),
    ...(mutedUntil === undefined ? {} : { mutedUntil }),
  };
  const at = new Date(context.clock.now());
  if (!(await context.preferences.setConversation(id, preference, at))) {
    return reject('CONFLICT', 'Too many conversations have settings of their own');
  }
  tellChanged(context, id);
  return ok(preference);
}

/** Also of a room that is there no more. */
export async function removeConversation(
  context: DeviceContext,
  { id }: Identity,
  conversationId: ConversationId,
): Promise<Result<undefined>> {
  if (roomOf(conversationId) === undefined && !isMember(id, conversationId)) return notAMember();
  await context.preferences.removeConversation(id, conversationId);
  tellChanged(context, id);
  return ok(undefined);
}

/** Rooms are there for everybody. Of a direct conversation it is told from the id alone, so the answer says nothing of whether there is one. */
async function mayHear(
  { bus }: DeviceContext,
  userId: UserId,
  conversationId: ConversationId,
): Promise<Result<unknown>> {
  const roomId = roomOf(conversationId);
  if (roomId !== undefined) return bus.request('chat.room.get', { roomId });
  return isMember(userId, conversationId) ? ok(undefined) : notAMember();
}

function isMember(userId: UserId, conversationId: ConversationId): boolean {
  const members = directMembers(conversationId);
  return members?.includes(userId) === true && directConversation(...members) === conversationId;
}

function notAMember() {
  return reject('PERMISSION_DENIED', 'Not a member of this conversation');
}
