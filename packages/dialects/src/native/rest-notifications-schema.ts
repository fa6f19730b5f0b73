import {
  ConversationId,
  ConversationNotifications,
  NotificationPreferences,
  PushDevice,
} from '@switchboard/protocol';
import { z } from 'zod';

const time = z.iso.datetime();

const Device = PushDevice.extend({
  /** It belongs to the session that asks. */
  current: z.boolean(),
  /** The newest push that was tried. `error`: a short machine word, absent when its service took it. */
  lastPush: z.object({ at: time, error: z.string().optional() }).optional(),
});
export const NativeDevices = z.object({ devices: z.array(Device) });
export const NativeDeviceRegistered = z.object({
  device: Device,
  /** Of a webhook, when it was registered and never again: signs what is sent there, in the form of Standard Webhooks. */
  signingSecret: z.string().optional(),
});
export const NativeWebPushKey = z.object({
  /** An uncompressed point on P-256 in base64url. */
  publicKey: z.string(),
});
const Conversation = ConversationNotifications.extend({ conversationId: ConversationId });
export const NativePreferences = z.object({
  preferences: NotificationPreferences,
  conversations: z.array(Conversation),
});
export const NativeConversationNotifications = z.object({ conversation: Conversation });
