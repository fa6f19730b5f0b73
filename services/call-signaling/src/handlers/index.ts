import type { Handler, Handlers } from '../context.ts';
import { callTake } from '../handoff/call-take.ts';
import { callAck } from './call-ack.ts';
import { callAnswer } from './call-answer.ts';
import { callEnd } from './call-end.ts';
import { callPlace } from './call-place.ts';
import { callReject } from './call-reject.ts';
import { callResume } from './call-resume.ts';
import { callSignal } from './call-signal.ts';
import { chatConversations } from './chat-conversations.ts';
import { chatHistory } from './chat-history.ts';
import { chatRead } from './chat-read.ts';
import { createChatSend } from './chat-send.ts';
import { chatSync } from './chat-sync.ts';
import { createChatTyping } from './chat-typing.ts';
import { roomJoin } from './room-join.ts';
import { roomLeave } from './room-leave.ts';
import { roomSignal } from './room-signal.ts';
import { sessionJoin } from './session-join.ts';

/** Every command's handler; those that need more than the context are handed in. */
export function createHandlers(presenceList: Handler<'presence.list'>): Handlers {
  return {
    'session.join': sessionJoin,
    'chat.send': createChatSend(),
    'chat.read': chatRead,
    'chat.typing': createChatTyping(),
    'chat.sync': chatSync,
    'chat.history': chatHistory,
    'chat.conversations': chatConversations,
    'presence.list': presenceList,
    'room.join': roomJoin,
    'room.leave': roomLeave,
    'room.signal': roomSignal,
    'call.place': callPlace,
    'call.answer': callAnswer,
    'call.reject': callReject,
    'call.end': callEnd,
    'call.signal': callSignal,
    'call.resume': callResume,
    'call.take': callTake,
    'call.ack': callAck,
  };
}
