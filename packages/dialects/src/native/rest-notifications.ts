import {
  ConversationId,
  DialectName,
  NotificationPreferences,
  NotifyMode,
  Platform,
  PushDeviceId,
} from '@switchboard/protocol';
import { z } from 'zod';
import { missing } from '../payload/required.ts';
import { spelled } from '../payload/spellings.ts';
import { DisplayName } from '../rest-fields/credentials.ts';
import { ExpoPushToken, PushSubscription, TargetUrl } from '../rest-fields/push.ts';
import { NoBody, type RestTable } from '../rest-operation.ts';
import * as reply from './rest-notifications-schema.ts';
import { NativeError } from './rest-schema.ts';

const user = { dialect: 'native', access: 'user' } as const;
const refused = { 400: NativeError, 401: NativeError, 403: NativeError, 429: NativeError, 503: NativeError };

const about = {
  platform: Platform.optional(),
  name: DisplayName.optional(),
  appVersion: z.string().trim().min(1).max(32).optional(),
  /** The vocabulary that the app speaks once a push has woken it. */
  dialect: DialectName.default('native'),
};

/** Where a device is reached, and what it is; nulls count as absent. */
const Registration = spelled(
  {},
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('expo'), token: ExpoPushToken, ...about }),
    z.object({ kind: z.literal('web-push'), subscription: PushSubscription, ...about }),
    z.object({ kind: z.literal('webhook'), url: TargetUrl, ...about }),
  ]),
);

/** Any offset; out comes UTC. */
const Moment = z.iso.datetime({ offset: true }).transform((at) => new Date(at).toISOString());

export const nativeNotificationsRest = {
  listDevices: {
    ...user,
    method: 'get',
    path: '/api/v1/devices',
    summary: 'One’s devices that are reached by push while they are not connected, the last seen first.',
    replies: { 200: reply.NativeDevices, ...refused },
  },
  registerDevice: {
    ...user,
    method: 'post',
    path: '/api/v1/devices',
    summary:
      'Says where this session’s device is reached while it is not connected, until the session ends; 200 when that was known. Whatever had the same address before is reached no more.',
    body: Registration,
    replies: { 200: reply.NativeDeviceRegistered, 201: reply.NativeDeviceRegistered, ...refused },
  },
  removeDevice: {
    ...user,
    method: 'delete',
    path: '/api/v1/devices/:id',
    summary: 'One of one’s devices is reached by push no more.',
    params: z.object({ id: PushDeviceId }),
    replies: { 204: NoBody, ...refused, 404: NativeError },
  },
  webPushKey: {
    ...user,
    method: 'get',
    path: '/api/v1/push/web-push-key',
    summary: 'The server’s public key, which a browser subscribes to web push with.',
    replies: { 200: reply.NativeWebPushKey, ...refused },
  },
  getPreferences: {
    ...user,
    method: 'get',
    path: '/api/v1/notifications/preferences',
    summary: 'What one wants to be told of by push, and in which conversations otherwise.',
    replies: { 200: reply.NativePreferences, ...refused },
  },
  putPreferences: {
    ...user,
    method: 'put',
    path: '/api/v1/notifications/preferences',
    summary: 'Says what one wants to be told of by push; without `quietHours` there are none.',
    body: spelled({}, NotificationPreferences),
    replies: { 200: reply.NativePreferences, ...refused },
  },
  putConversationNotifications: {
    ...user,
    method: 'put',
    path: '/api/v1/conversations/:id/notifications',
    summary: 'Says what one wants to be told of one conversation by push, or mutes it until a time.',
    params: z.object({ id: ConversationId }),
    body: spelled(
      {},
      z
        .object({ mode: NotifyMode.optional(), mutedUntil: Moment.optional() })
        .refine(({ mode, mutedUntil }) => mode !== undefined || mutedUntil !== undefined, missing('mode')),
    ),
    replies: { 200: reply.NativeConversationNotifications, ...refused, 404: NativeError, 409: NativeError },
  },
  deleteConversationNotifications: {
    ...user,
    method: 'delete',
    path: '/api/v1/conversations/:id/notifications',
    summary: 'One wants to be told of a conversation as of all others of its kind.',
    params: z.object({ id: ConversationId }),
    replies: { 204: NoBody, ...refused },
  },
} as const satisfies RestTable;
