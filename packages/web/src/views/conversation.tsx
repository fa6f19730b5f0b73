import type { Message } from '@switchboard/client';
import { useEffect, useRef } from 'preact/hooks';
import { current, place } from '../call/calling.ts';
import {
  attempt,
  drafts,
  hasOlder,
  loadOlder,
  messages,
  online,
  selected,
  send,
  tellTyping,
  typing,
} from '../chat.ts';
import { account } from '../session/client.ts';
import { text } from './form-text.ts';
import { Avatar } from './people-list.tsx';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function Receipt({ message }: { message: Message }) {
  const other = selected.value?.id ?? '';
  const [mark, label] = message.readBy.includes(other)
    ? ['✓✓', 'read']
    : message.deliveredAt
      ? ['✓✓', 'delivered']
      : ['✓', 'sent'];
  return (
    <span class={`receipt ${label}`} title={label}>
      {mark}
    </span>
  );
}

export function Conversation() {
  const end = useRef<HTMLDivElement>(null);
  const other = selected.value;
  const count = messages.value.length + drafts.value.length;
  useEffect(() => end.current?.scrollIntoView({ block: 'end' }), [count, other?.id]);
  if (!other) {
    return (
      <section class="empty">
        <p>Choose somebody to talk to.</p>
      </section>
    );
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const content = text(new FormData(form), 'text').trim();
    if (!content) return;
    form.reset();
    void send(content);
  };
  return (
    <section class="conversation">
      <header>
        <Avatar user={other} live={online.value.has(other.id)} />
        <span class="who">
          <strong>{other.name}</strong>
          <small>
            {typing.value.has(other.id) ? 'writing…' : online.value.has(other.id) ? 'online' : 'offline'}
          </small>
        </span>
        <button type="button" disabled={!!current.value} onClick={() => void place(other, 'voice')}>
          Call
        </button>
        <button
          type="button"
          class="primary"
          disabled={!!current.value}
          onClick={() => void place(other, 'video')}
        >
          Video call
        </button>
      </header>
      <div class="log" role="log" aria-live="polite">
        {hasOlder.value && (
          <button type="button" class="link" onClick={() => void loadOlder().catch(() => {})}>
            Earlier messages
          </button>
        )}
        {messages.value.map((message) => (
          <p key={message.id} class={`bubble ${message.sender.id === account.value?.id ? 'mine' : ''}`}>
            {message.content}
            <small>
              {clock.format(new Date(message.createdAt))}{' '}
              {message.sender.id === account.value?.id && <Receipt message={message} />}
            </small>
          </p>
        ))}
        {drafts.value.map((draft) => (
          <p key={draft.clientMessageId} class={`bubble mine ${draft.state}`}>
            {draft.content}
            <small>
              {draft.state === 'sending' ? (
                'sending…'
              ) : (
                <button type="button" class="link" onClick={() => void attempt(draft)}>
                  Not sent. Try again
                </button>
              )}
            </small>
          </p>
        ))}
        <div ref={end} />
      </div>
      <form class="composer" onSubmit={submit}>
        <input
          name="text"
          placeholder={`Message ${other.name}`}
          aria-label="Message"
          autocomplete="off"
          maxLength={8000}
          onInput={() => tellTyping()}
        />
        <button type="submit" class="primary">
          Send
        </button>
      </form>
    </section>
  );
}
