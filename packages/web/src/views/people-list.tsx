import { directConversation, type PublicUser } from '@switchboard/client';
import { conversations, online, open, people, selected, typing } from '../chat.ts';
import { account, client, connected } from '../session/client.ts';
import { PushSwitch } from './push-switch.tsx';

export function Avatar({ user, live }: { user: PublicUser; live?: boolean }) {
  const hue = (Number(user.id) * 47) % 360;
  return (
    <span
      class={`avatar ${live ? 'live' : ''}`}
      style={{ background: `hsl(${hue} 45% 42%)` }}
      aria-hidden="true"
    >
      {user.name.slice(0, 1).toUpperCase()}
    </span>
  );
}

function Row({ user }: { user: PublicUser }) {
  const me = account.value;
  const summary = me ? conversations.value.get(directConversation(me.id, user.id)) : undefined;
  const live = online.value.has(user.id);
  const preview = typing.value.has(user.id)
    ? 'writing…'
    : (summary?.lastMessage?.content ?? (live ? 'online' : 'offline'));
  return (
    <li>
      <button
        type="button"
        class={`person ${selected.value?.id === user.id ? 'chosen' : ''}`}
        data-user={user.username}
        onClick={() => void open(user).catch(() => {})}
      >
        <Avatar user={user} live={live} />
        <span class="who">
          <strong>{user.name}</strong>
          <small>{preview}</small>
        </span>
        {summary && summary.unread > 0 && <span class="badge">{summary.unread}</span>}
      </button>
    </li>
  );
}

export function PeopleList() {
  const me = account.value;
  if (!me) return null;
  const order = (user: PublicUser) => {
    const summary = conversations.value.get(directConversation(me.id, user.id));
    return summary?.lastMessage?.createdAt ?? '';
  };
  const sorted = [...people.value].sort(
    (a, b) => order(b).localeCompare(order(a)) || a.name.localeCompare(b.name),
  );
  return (
    <nav class="people" aria-label="People">
      <header>
        <Avatar user={me} live={connected.value} />
        <span class="who">
          <strong>{me.name}</strong>
          <small>{connected.value ? 'connected' : 'connecting…'}</small>
        </span>
        <button type="button" class="link" onClick={() => void client.logOut().catch(() => {})}>
          Sign out
        </button>
      </header>
      <PushSwitch />
      <ul>
        {sorted.map((user) => (
          <Row key={user.id} user={user} />
        ))}
      </ul>
    </nav>
  );
}
