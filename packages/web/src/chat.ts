import { computed, signal } from '@preact/signals';
import { account, api } from './session/api.ts';
import { ask, on, Refused } from './session/connection.ts';
import { type ConversationSummary, directConversation, type Message, type PublicUser } from './wire.ts';

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

export async function loadPeople(): Promise<void> {
  const { users } = await api<{ users: PublicUser[] }>('GET', '/api/v1/users?limit=200');
  people.value = users.filter((user) => user.id !== account.value?.id);
}

export async function loadConversations(): Promise<void> {
  const reply = await ask<{ conversations: ConversationSummary[] }>('chat.conversations', { limit: 200 });
  conversations.value = new Map(reply.conversations.map((entry) => [entry.id, entry]));
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
  const page = await ask<{ messages: Message[]; more: boolean }>('chat.history', {
    conversationId,
    limit: 50,
    ...(before ? { before } : {}),
  });
  if (conversationId !== openId.value) return;
  merge(page.messages);
  hasOlder.value = page.more;
}

/** Fetches what a lost connection missed: everything after the last seq without a gap. */
export async function repair(): Promise<void> {
  const conversationId = openId.value;
  if (!conversationId) return;
  let after = messages.value.at(-1)?.seq ?? 0;
  for (let more = true; more; ) {
    const page = await ask<{ messages: Message[]; more: boolean }>('chat.sync', {
      conversationId,
      after,
      limit: 200,
    });
    merge(page.messages);
    after = page.messages.at(-1)?.seq ?? after;
    more = page.more && page.messages.length > 0;
  }
  await markRead();
}

async function markRead(): Promise<void> {
  const last = messages.value.at(-1);
  const me = account.value?.id;
  if (!last || !me || document.hidden || (last.sender.id === me && last.readBy.includes(me))) return;
  await ask('chat.read', { conversationId: last.conversationId, upToSeq: last.seq });
  const summary = conversations.value.get(last.conversationId);
  if (summary) {
    conversations.value = new Map(conversations.value).set(summary.id, {
      ...summary,
      unread: 0,
      readSeq: last.seq,
    });
  }
}

export async function send(content: string): Promise<void> {
  const draft: Draft = { clientMessageId: crypto.randomUUID(), content, state: 'sending' };
  drafts.value = [...drafts.value, draft];
  await attempt(draft);
}

/** The same clientMessageId again: if the first try did arrive, this is answered with the same message. */
export async function attempt(draft: Draft): Promise<void> {
  const to = selected.value;
  if (!to) return;
  mark(draft, 'sending');
  try {
    for (let tries = 0; ; tries += 1) {
      try {
        const { message } = await ask<{ message: Message }>('chat.send', {
          to: { userId: to.id },
          content: draft.content,
          clientMessageId: draft.clientMessageId,
        });
        note(message);
        merge([message]);
        drafts.value = drafts.value.filter((other) => other.clientMessageId !== draft.clientMessageId);
        return;
      } catch (error) {
        if (tries >= 2 || !(error instanceof Refused) || !error.retryable) throw error;
      }
    }
  } catch {
    mark(draft, 'failed');
  }
}

function mark(draft: Draft, state: Draft['state']): void {
  drafts.value = drafts.value.map((other) =>
    other.clientMessageId === draft.clientMessageId ? { ...other, state } : other,
  );
}

function note(message: Message): void {
  const old = conversations.value.get(message.conversationId);
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

let typingSent = 0;
export function tellTyping(active: boolean): void {
  const to = selected.value;
  const now = Date.now();
  if (!to || (active && now - typingSent < 3000)) return;
  typingSent = active ? now : 0;
  void ask('chat.typing', { to: { userId: to.id }, active }).catch(() => {});
}

export function listen(): void {
  on<{ online: PublicUser[] }>('presence', (presence) => {
    online.value = new Set(presence.online.map((user) => user.id));
    const known = new Set(people.value.map((user) => user.id));
    const fresh = presence.online.filter((user) => !known.has(user.id) && user.id !== account.value?.id);
    if (fresh.length > 0) people.value = [...people.value, ...fresh];
  });
  on<{ message: Message }>('message.created', ({ message }) => {
    note(message);
    typing.value = new Set([...typing.value].filter((id) => id !== message.sender.id));
    if (message.conversationId !== openId.value) return;
    const last = messages.value.at(-1)?.seq ?? 0;
    if (message.seq > last + 1) void repair().catch(() => {});
    else {
      merge([message]);
      void markRead().catch(() => {});
    }
  });
  on<{ messageId: string; at: string }>('message.delivered', ({ messageId, at }) => {
    messages.value = messages.value.map((m) => (m.id === messageId ? { ...m, deliveredAt: at } : m));
  });
  on<{ conversationId: string; readerId: string; upToSeq: number }>('message.read', (read) => {
    if (read.conversationId !== openId.value) return;
    messages.value = messages.value.map((m) =>
      m.seq <= read.upToSeq && !m.readBy.includes(read.readerId)
        ? { ...m, readBy: [...m.readBy, read.readerId] }
        : m,
    );
  });
  on<{ from: PublicUser; active: boolean }>('typing', ({ from, active }) => {
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
