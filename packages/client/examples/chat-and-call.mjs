// Two users, a message and a call: node packages/client/examples/chat-and-call.mjs [url]
import { createClient } from '@switchboard/client';

const url = process.argv[2] ?? 'http://localhost:3000';
const [alice, bob] = [createClient({ url }), createClient({ url })];
await alice.logIn('alice', 'password123');
await bob.logIn('bob@example.com', 'password123');
await Promise.all([alice.connect(), bob.connect()]);

const toBob = { userId: bob.account.id };
const heard = new Promise((resolve) => bob.on('message', resolve));
const { seq } = await alice.chat.sendMessage(toBob, 'Shall I call?');
console.log(`#${seq} is stored; ${bob.account.name} reads: ${(await heard).content}`);

// The descriptions come from an RTCPeerConnection; `PeerLink` binds one to a call.
bob.on('call', (call) => void call.answer({ type: 'answer', sdp: '…' }));
const call = await alice.calls.place(toBob, { kind: 'video', offer: { type: 'offer', sdp: '…' } });
const { by, answer } = await new Promise((resolve) => call.on('answered', resolve));
console.log(`${by.name} took the call with an ${answer.type}`);

call.end();
await Promise.all([alice.logOut(), bob.logOut()]);
