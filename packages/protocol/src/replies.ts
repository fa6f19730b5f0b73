import type { Call } from './call.ts';
import type { ConversationSummary, Message } from './chat.ts';
import type { CommandType } from './commands.ts';
import type { DeviceId, UserId } from './ids.ts';
import type { Participant, Room } from './room.ts';
import type { PublicUser } from './user.ts';

/** What a handled command answers its sender; dialects word it into the ack. */
export interface CommandReplies {
  'session.join': { userId: UserId; deviceId: DeviceId };
  'chat.send': { message: Message; duplicate: boolean };
  'chat.read': { upToSeq: number };
  'chat.typing': Record<string, never>;
  'chat.sync': { messages: Message[]; more: boolean };
  'chat.history': { messages: Message[]; more: boolean };
  'chat.conversations': { conversations: ConversationSummary[] };
  'presence.list': { online: PublicUser[] };
  'room.join': { room: Room; participants: Participant[] };
  'room.leave': Record<string, never>;
  /** `relayed` false: nobody there to hear it, or held for a call that rings. */
  'room.signal': { relayed: boolean };
  /** `renegotiation`: the two were in this call already and the offer was relayed inside it. */
  'call.place': { call: Call; renegotiation: boolean };
  'call.answer': { call: Call; renegotiation: boolean; offer?: unknown };
  'call.reject': { call: Call };
  /** Null: there was no call, and the others in the room were told. */
  'call.end': { call: Call | null };
  'call.signal': { relayed: boolean };
  'call.resume': { call: Call | null; offer?: unknown };
  /** The other device’s when that was faster: who has the seat stands in the call. */
  'call.take': { call: Call };
  'call.ack': Record<string, never>;
}
export type ReplyOf<T extends CommandType> = CommandReplies[T];
export type CommandReply = { [T in CommandType]: { type: T; value: CommandReplies[T] } }[CommandType];
