import { CallId, ConversationId, MessageId, RoomId, UserId } from '@switchboard/protocol';
import { z } from 'zod';

/** Ids of sequences travel as strings or as integers, whatever the client's language made of them. */
const sequenceInput = z
  .union([z.string(), z.int()], { error: 'must be an id: a decimal string or an integer' })
  .transform((id) => String(id));

export const UserIdInput = sequenceInput.pipe(UserId);
export const RoomIdInput = sequenceInput.pipe(RoomId);
export const CallIdInput = z.string().toLowerCase().pipe(CallId);
export const MessageIdInput = z.string().toLowerCase().pipe(MessageId);
export const ConversationIdInput = ConversationId;
