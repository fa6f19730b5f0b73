import { ContentType, ErrorCode, Rejection, UserId } from '@switchboard/protocol';
import { z } from 'zod';
import { Text } from '../payload/bounded.ts';
import { UserIdInput } from '../payload/ids.ts';
import { spelled } from '../payload/spellings.ts';
import { Before, Limit } from '../rest-fields/page.ts';
import type { RestTable } from '../rest-operation.ts';
import { JitsiMessage } from './schema.ts';

export const JitsiMessages = z.object({ success: z.literal(true), messages: z.array(JitsiMessage) });
export const JitsiMessageSent = z.object({ success: z.literal(true), message: JitsiMessage });
export const JitsiUsers = z.array(z.object({ id: UserId, name: z.string(), email: z.string().nullable() }));
export const JitsiError = z.object({
  success: z.literal(false),
  error: z.object({
    code: ErrorCode,
    message: z.string(),
    fields: Rejection.shape.fields,
  }),
  message: z.string(),
});

const user = { dialect: 'jitsi', access: 'user' } as const;
const refused = { 400: JitsiError, 401: JitsiError, 503: JitsiError };

export const jitsiRest = {
  listMessages: {
    ...user,
    method: 'get',
    path: '/api/messages',
    summary: 'One’s newest direct messages, or those with one user.',
    query: z.object({ with: UserIdInput.optional(), before: Before.optional(), limit: Limit }),
    replies: { 200: JitsiMessages, ...refused },
  },
  sendMessage: {
    ...user,
    method: 'post',
    path: '/api/messages',
    summary: 'Sends a direct message.',
    body: spelled(
      { receiverId: ['to', 'recipientId', 'targetUserId'] },
      z.object({ receiverId: UserIdInput, content: Text, type: ContentType.default('text') }),
    ),
    replies: { 201: JitsiMessageSent, ...refused, 404: JitsiError, 429: JitsiError },
  },
  listUsers: {
    ...user,
    method: 'get',
    path: '/api/users',
    summary: 'Every user one may write to or call.',
    replies: { 200: JitsiUsers, ...refused },
  },
} as const satisfies RestTable;
