/** The shapes of the native vocabulary that this client reads; the server's schemas are the authority. */
export interface PublicUser {
  id: string;
  username: string;
  name: string;
}
export interface Message {
  id: string;
  conversationId: string;
  seq: number;
  sender: PublicUser;
  receiverId?: string;
  content: string;
  clientMessageId?: string;
  createdAt: string;
  deliveredAt?: string;
  readBy: string[];
}
export interface ConversationSummary {
  id: string;
  kind: 'direct' | 'room';
  with?: PublicUser;
  lastSeq: number;
  lastMessage?: Message;
  readSeq: number;
  unread: number;
}
export type CallKind = 'voice' | 'video';
export interface Call {
  id: string;
  kind: CallKind;
  media: 'p2p' | 'jitsi';
  phase: 'ringing' | 'active' | 'ended';
  caller: PublicUser;
  callees: PublicUser[];
  answeredBy?: string;
  answeredAt?: string;
}
export interface Jitsi {
  url: string;
}
export interface Signal {
  kind: 'offer' | 'answer' | 'candidate';
  payload: unknown;
}
export interface Refusal {
  code: string;
  message: string;
  retryable?: boolean;
}

export const directConversation = (a: string, b: string): string =>
  Number(a) <= Number(b) ? `d:${a}:${b}` : `d:${b}:${a}`;
