import type { DialectName } from '@switchboard/protocol';

/** What marks a vocabulary out, for readers who look for theirs. */
export const vocabularies: Readonly<Record<DialectName, string>> = {
  peer: 'camelCase events, the SDP offer inside `callUser`, `/auth/*` without a trailing slash, invitations.',
  rooms: 'kebab-case events, named rooms, `/api/auth/signup`, `/api/rooms`.',
  jitsi: 'colon:case events, `join` after connecting, `{success, …}` envelopes, media in Jitsi rooms.',
  expo: '`CALL_` and `CHAT_` events, `/api/chat/history/:userId`, `/api/call/history`.',
  'expo-lower': 'expo with its event names in lower case.',
  channels:
    'A raw WebSocket a room, and routes in the manner of Django REST Framework, with a trailing slash.',
  native: 'The canonical protocol: acks on everything, sequence numbers, sync, resume.',
};
