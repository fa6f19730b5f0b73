// Two users, a message and a call: node packages/client/examples/chat-and-call.mjs [url]
import { createClient } from '@switchboard/client';

const url = process.argv[2] ?? 'http://localhost:3000';
const [alice, bob] = [createClient({ url }), createClient({ url })];
await alice.logIn('alice', 'password123');
await bob.logIn('bob@example.com', 'password123');
await Promise.all([alice.connect(), bob.connect()]);

bob.on('message', ({ sender, seq, content }) =>
  console.log(`bob reads #${seq} from ${sender.name}: ${content}`),
);
const { id, seq } = await alice.chat.sendMessage({ userId: bob.account.id }, 'Shall I call?');
console.log(`stored as #${seq}, ${id}`);

bob.on('call', (call) => call.answer({ type: 'answer', sdp: 'from an RTCPeerConnection' }));
const call = await alice.calls.place(
  { userId: bob.account.id },
  { kind: 'video', offer: { type: 'offer', sdp: '…' } },
);
const { by, answer } = await new Promise((resolve) => call.on('answered', resolve));
console.log(`${by.name} answered with an ${answer.type}`);

call.end();
await Promise.all([alice.logOut(), bob.logOut()]);
