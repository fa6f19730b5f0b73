import { computed, signal } from '@preact/signals';
import {
  type ConversationSummary,
  directConversation,
  type Message,
  type PublicUser,
} from '@switchboard/client';
import { account, client } from './session/client.ts';

export interface Draft {
  clientMessageId: string;
  content: string;
  state: 'sending' | 'failed';
}

export const people = signal<PublicUser[]>([]);
export const online = signal<ReadonlySet<string>>(new Set());
export const selected = signal<PublicUser | null>(null);
export const conversations = signal<ReadonlyMap<string, ConversationSummary>>(new Map());
export const messages = signal<readonly Message[]>([]);
export const drafts = signal<readonly Draft[]>([]);
export const typing = signal<ReadonlySet<string>>(new Set());
export const hasOlder = signal(false);

const openId = computed(() =>
  account.value && selected.value ? directConversation(account.value.id, selected.value.id) : null,
);

/** By seq, each once: live messages, pages and repairs all come through here. */
function merge(more: readonly Message[]): void {
  const bySeq = new Map(messages.value.map((message) => [message.seq, message]));
  for (const message of more) if (message.conversationId === openId.value) bySeq.set(message.seq, message);
  messages.value = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  const arrived = new Set(messages.value.map((message) => message.clientMessageId));
  drafts.value = drafts.value.filter((draft) => !arrived.has(draft.clientMessageId));
}

async function loadPeople(): Promise<void> {
  const users = await client.users.list({ limit: 200 });
  people.value = users.filter((user) => user.id !== account.value?.id);
}

async function loadConversations(): Promise<void> {
  const list = await client.chat.conversations();
  conversations.value = new Map(list.map((entry) => [entry.id, entry]));
}

/** After (re)connecting; messages that were missed arrive by themselves. Each by itself: one that fails must not keep the other from catching up. */
export async function catchUp(): Promise<void> {
  await Promise.allSettled([loadPeople(), loadConversations()]);
}

export async function open(user: PublicUser): Promise<void> {
  selected.value = user;
  messages.value = [];
  drafts.value = [];
  hasOlder.value = false;
  await loadOlder();
  await markRead();
}

export async function loadOlder(): Promise<void> {
  const conversationId = openId.value;
  if (!conversationId) return;
  const before = messages.value[0]?.seq;
  const page = await client.chat.history(conversationId, { limit: 50, ...(before ? { before } : {}) });
  if (conversationId !== openId.value) return;
  merge(page.messages);
  hasOlder.value = page.more;
}

async function markRead(): Promise<void> {
  const last = messages.value.at(-1);
  const me = account.value?.id;
  if (!last || !me || document.hidden || (last.sender.id === me && last.readBy.includes(me))) return;
  await client.chat.markRead(last.conversationId, last.seq);
  settleRead(last.conversationId, last.seq);
}

/** Here or on another of one's devices: what was read is unread nowhere. */
function settleRead(conversationId: string, upToSeq: number): void {
  const summary = conversations.value.get(conversationId);
  if (!summary || summary.readSeq >= upToSeq) return;
  conversations.value = new Map(conversations.value).set(conversationId, {
    ...summary,
    unread: Math.max(0, Math.min(summary.unread, summary.lastSeq - upToSeq)),
    readSeq: upToSeq,
  });
}

export async function send(content: string): Promise<void> {
  const draft: Draft = { clientMessageId: crypto.randomUUID(), content, state: 'sending' };
  drafts.value = [...drafts.value, draft];
  await attempt(draft);
}

/** The same clientMessageId again: if an earlier try did arrive, this is answered with the same message. */
export async function attempt({ clientMessageId, content, ...draft }: Draft): Promise<void> {
  const to = selected.value;
  if (!to) return;
  mark({ clientMessageId, content, ...draft }, 'sending');
  try {
    await client.chat.sendMessage({ userId: to.id }, content, { clientMessageId });
  } catch {
    mark({ clientMessageId, content, ...draft }, 'failed');
  }
}

function mark(draft: Draft, state: Draft['state']): void {
  drafts.value = drafts.value.map((other) =>
    other.clientMessageId === draft.clientMessageId ? { ...other, state } : other,
  );
}

function note(message: Message): void {
  const old = conversations.value.get(message.conversationId);
  // The list, when it was loaded, had this one already.
  if (old && old.lastSeq >= message.seq) return;
  const mine = message.sender.id === account.value?.id;
  const unseen = !mine && message.conversationId !== openId.value;
  conversations.value = new Map(conversations.value).set(message.conversationId, {
    id: message.conversationId,
    kind: 'direct',
    readSeq: old?.readSeq ?? 0,
    ...old,
    lastSeq: message.seq,
    lastMessage: message,
    unread: (old?.unread ?? 0) + (unseen ? 1 : 0),
  });
}

export function tellTyping(): void {
  if (selected.value) client.chat.typing({ userId: selected.value.id });
}

export function listen(): void {
  client.on('presence', (presence) => {
    online.value = new Set(presence.online.map((user) => user.id));
    const known = new Set(people.value.map((user) => user.id));
    const fresh = presence.online.filter((user) => !known.has(user.id) && user.id !== account.value?.id);
    if (fresh.length > 0) people.value = [...people.value, ...fresh];
  });
  client.on('message', (message) => {
    note(message);
    typing.value = new Set([...typing.value].filter((id) => id !== message.sender.id));
    if (message.conversationId !== openId.value) return;
    merge([message]);
    void markRead().catch(() => {});
  });
  client.on('delivered', ({ messageId, at }) => {
    messages.value = messages.value.map((m) => (m.id === messageId ? { ...m, deliveredAt: at } : m));
  });
  client.on('read', (read) => {
    if (read.readerId === account.value?.id) settleRead(read.conversationId, read.upToSeq);
    if (read.conversationId !== openId.value) return;
    messages.value = messages.value.map((m) =>
      m.seq <= read.upToSeq && !m.readBy.includes(read.readerId)
        ? { ...m, readBy: [...m.readBy, read.readerId] }
        : m,
    );
  });
  client.on('typing', ({ from, active }) => {
    const next = new Set(typing.value);
    if (active) next.add(from.id);
    else next.delete(from.id);
    typing.value = next;
  });
  document.addEventListener('visibilitychange', () => void markRead().catch(() => {}));
}

export function reset(): void {
  people.value = [];
  online.value = new Set();
  selected.value = null;
  conversations.value = new Map();
  messages.value = [];
  drafts.value = [];
}
