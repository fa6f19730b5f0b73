import type {
  ConversationId,
  ConversationNotifications,
  NotificationPreferences,
  PushDevice,
} from '@switchboard/protocol';
import type { z } from 'zod';
import type * as reply from './rest-notifications-schema.ts';

/** A push target as its owner is shown it. */
export interface DeviceView extends PushDevice {
  readonly current: boolean;
  readonly lastPush?: { readonly at: string; readonly error?: string };
}

export interface ConversationSetting extends ConversationNotifications {
  readonly conversationId: ConversationId;
}

export function nativeDevices(devices: readonly DeviceView[]): z.infer<typeof reply.NativeDevices> {
  return { devices: devices.map(device) };
}

export function nativeDeviceRegistered(
  registered: DeviceView,
  signingSecret: string | undefined,
): z.infer<typeof reply.NativeDeviceRegistered> {
  return { device: device(registered), ...(signingSecret === undefined ? {} : { signingSecret }) };
}

export function nativeWebPushKey(publicKey: string): z.infer<typeof reply.NativeWebPushKey> {
  return { publicKey };
}

export function nativePreferences(
  { messages, previews, quietHours }: NotificationPreferences,
  conversations: readonly ConversationSetting[],
): z.infer<typeof reply.NativePreferences> {
  return {
    preferences: { messages, previews, ...(quietHours ? { quietHours } : {}) },
    conversations: conversations.map(conversation),
  };
}

export function nativeConversationNotifications(
  setting: ConversationSetting,
): z.infer<typeof reply.NativeConversationNotifications> {
  return { conversation: conversation(setting) };
}

/** Field by field: what a record holds besides is where the device is reached. */
function device(shown: DeviceView): z.infer<typeof reply.NativeDevices>['devices'][number] {
  const { id, kind, platform, dialect, name, appVersion, sessionId, createdAt, lastSeenAt } = shown;
  const { current, lastPush } = shown;
  return {
    id,
    kind,
    platform,
    dialect,
    ...(name === undefined ? {} : { name }),
    ...(appVersion === undefined ? {} : { appVersion }),
    sessionId,
    createdAt,
    lastSeenAt,
    current,
    ...(lastPush
      ? { lastPush: { at: lastPush.at, ...(lastPush.error === undefined ? {} : { error: lastPush.error }) } }
      : {}),
  };
}

function conversation({ conversationId, mode, mutedUntil }: ConversationSetting): ConversationSetting {
  return {
    conversationId,
    ...(mode === undefined ? {} : { mode }),
    ...(mutedUntil === undefined ? {} : { mutedUntil }),
  };
}
