import { effect } from '@preact/signals';
import { render } from 'preact';
import { dropCall, listenForCalls, resume } from './call/calling.ts';
import { listen, loadConversations, loadPeople, repair, reset } from './chat.ts';
import { account } from './session/api.ts';
import { connect, disconnect, whenConnected } from './session/connection.ts';
import './styles.css';
import { CallPanel } from './views/call-panel.tsx';
import { Conversation } from './views/conversation.tsx';
import { PeopleList } from './views/people-list.tsx';
import { SignIn } from './views/sign-in.tsx';

listen();
listenForCalls();
whenConnected(() => {
  // Each by itself: one that fails must not keep the others from catching up.
  for (const catchUp of [loadPeople, loadConversations, repair, resume]) void catchUp().catch(() => {});
});

let signedInAs: string | null = null;
effect(() => {
  const id = account.value?.id ?? null;
  if (id === signedInAs) return;
  signedInAs = id;
  dropCall();
  reset();
  if (id) connect();
  else disconnect();
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
