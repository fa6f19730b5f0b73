import { effect } from '@preact/signals';
import { render } from 'preact';
import { dropCall, listenForCalls, rejoin } from './call/calling.ts';
import { catchUp, listen, reset } from './chat.ts';
import { openWhatWasClicked, openWhom } from './notifications/clicked.ts';
import { putAway, takeBack, takeKept } from './notifications/kept-session.ts';
import { restorePush } from './notifications/push.ts';
import { account, client, connected } from './session/client.ts';
import './styles.css';
import { CallPanel } from './views/call-panel.tsx';
import { Conversation } from './views/conversation.tsx';
import { PeopleList } from './views/people-list.tsx';
import { SignIn } from './views/sign-in.tsx';

listen();
listenForCalls();
addEventListener('pagehide', putAway);
addEventListener('pageshow', takeBack);
takeKept();
openWhatWasClicked();
await client.restore();

let signedInAs: string | null = null;
effect(() => {
  const id = account.value?.id ?? null;
  if (id === signedInAs) return;
  signedInAs = id;
  dropCall();
  reset();
  // That the session is over, or the page, is told by events.
  if (!id) return;
  client.connect().then(rejoin, () => {});
  restorePush().catch(() => {});
});
effect(() => {
  if (connected.value) catchUp().then(openWhom, () => {});
});

function App() {
  if (!account.value) return <SignIn />;
  return (
    <div class="app">
      <PeopleList />
      <Conversation />
      <CallPanel />
    </div>
  );
}

const root = document.getElementById('app');
if (root) render(<App />, root);
