import { isMentioned, isQuiet, quietUntil, wantsMessage } from '@switchboard/domain';
import {
  type ConversationNotifications,
  MessageId,
  type NotificationPreferences,
  type PushContentOf,
  roomOf,
  type UserId,
} from '@switchboard/protocol';
import { pushTarget, type StoredDevice } from '../devices/device-store.ts';
import type { NewPush } from '../sending/pushes.ts';
import type { Said } from '../store/fan-out-model.ts';
import type { FanOut } from '../store/fan-out-store.ts';
import { liveSessions } from './live-sessions.ts';
import { planRead } from './plan-read.ts';
import type { MessageParts } from './planning-parts.ts';
import { type UnreadCounts, unreadCounts } from './unread-counts.ts';

const LIVE_TIMEOUT_MS = 5_000;

interface Told {
  readonly userId: UserId;
  readonly said: Said;
  readonly counts: UnreadCounts;
  readonly preferences: NotificationPreferences;
}

/**
 * Puts pushes to those of these users who have push targets, no live socket, something unread, and want to be told. The same again changes nothing.
 * @param userIds At most a hundred.
 * @throws SwitchboardError SERVICE_UNAVAILABLE, retryable: who is connected is not guessed.
 */
export async function tellFollowers(
  parts: MessageParts,
  fanOut: FanOut,
  userIds: readonly UserId[],
): Promise<void> {
  const { bus, pushes } = parts;
  const { conversationId } = fanOut;
  const found = await parts.devices.ofUsers(userIds);
  const owners = [...new Set(found.map(({ userId }) => userId))];
  if (owners.length === 0) return;
  const live = await liveSessions(bus, owners, LIVE_TIMEOUT_MS);
  const told = await whoIsTold(
    parts,
    fanOut,
    owners.filter((userId) => !live.has(userId)),
  );
  if (told.length === 0) return;
  const byUser = new Map(told.map((each) => [each.userId, each]));
  await pushes.put(found.flatMap((device) => pushTo(parts, fanOut, device, byUser.get(device.userId))));

  // Who read meanwhile on another device: the event may have found nothing yet to take back.
  const after = await unreadCounts(
    bus,
    told.map(({ userId }) => userId),
    conversationId,
  );
  for (const { userId: readerId, said } of told) {
    const upToSeq = after.get(readerId)?.readSeq ?? 0;
    if (upToSeq >= said.seq) await planRead(parts, { conversationId, readerId, upToSeq });
  }
}

async function whoIsTold(parts: MessageParts, fanOut: FanOut, userIds: readonly UserId[]): Promise<Told[]> {
  if (userIds.length === 0) return [];
  const { bus, preferences, directory } = parts;
  const { conversationId, naming } = fanOut;
  const [general, particular, users] = await Promise.all([
    preferences.ofUsers(userIds),
    preferences.ofConversation(conversationId, userIds),
    naming.length === 0 ? undefined : directory.many(userIds),
  ]);
  const chosen = userIds.flatMap((userId) => {
    const wishes = general.get(userId);
    if (!wishes) return [];
    const username = users?.get(userId)?.username;
    const said = messageFor(parts, fanOut, { userId, username }, wishes, particular.get(userId));
    return said ? [{ userId, said, preferences: wishes }] : [];
  });
  if (chosen.length === 0) return [];
  const counts = await unreadCounts(
    bus,
    chosen.map(({ userId }) => userId),
    conversationId,
  );
  return chosen.flatMap((each) => {
    const counted = counts.get(each.userId);
    const unread = counted && counted.conversation > 0 && counted.readSeq < each.said.seq;
    return unread ? [{ ...each, counts: counted }] : [];
  });
}

/** The newest message by others that this user wants to be told of. */
function messageFor(
  { clock }: MessageParts,
  { conversationId, newest, byAnother, naming }: FanOut,
  { userId, username }: { readonly userId: UserId; readonly username: string | undefined },
  wishes: NotificationPreferences,
  particular: ConversationNotifications | undefined,
): Said | undefined {
  const kind = roomOf(conversationId) === undefined ? 'direct' : 'room';
  const wants = (mentioned: boolean) => wantsMessage(wishes, particular, { kind, mentioned }, clock.now());
  if (wants(false)) return newest.from.id === userId ? byAnother : newest;
  if (username === undefined || !wants(true)) return undefined;
  return naming.find(({ said, tails }) => said.from.id !== userId && isMentioned(tails, username))?.said;
}

function pushTo(
  { clock }: MessageParts,
  fanOut: FanOut,
  device: StoredDevice,
  told: Told | undefined,
): NewPush[] {
  if (!told) return [];
  const { quietHours } = told.preferences;
  const now = clock.now();
  return [
    {
      target: pushTarget(device),
      userId: device.userId,
      content: contentOf(fanOut, told),
      ...(isQuiet(quietHours, now) ? { notBefore: quietUntil(quietHours, now) } : {}),
    },
  ];
}

function contentOf(
  { conversationId }: FanOut,
  { said, counts, preferences }: Told,
): PushContentOf<'message'> {
  const { messageId, seq, from, contentType, preview } = said;
  const roomId = roomOf(conversationId);
  return {
    type: 'message',
    conversationId,
    ...(roomId === undefined ? {} : { roomId }),
    messageId: MessageId.parse(messageId),
    seq,
    from,
    contentType,
    ...(preferences.previews ? { preview } : {}),
    unread: counts.conversation,
    badge: counts.total,
  };
}
