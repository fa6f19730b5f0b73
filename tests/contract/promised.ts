import type { DialectName } from '../../packages/protocol/src/index.ts';

/** What the documents of the client vocabularies and the page that settles them promise: facts, listed once. */
export interface Promised {
  /** `METHOD /path`; a trailing slash counts, the names of parameters do not. */
  readonly routes: readonly string[];
  /** What clients may say. */
  readonly heard: readonly string[];
  /** What they are told. */
  readonly said: readonly string[];
}

const expoBothWays = [
  'CHAT_MESSAGE',
  'CHAT_TYPING',
  'CHAT_STOP_TYPING',
  'MESSAGE_READ',
  'CALL_REQUEST',
  'CALL_ACCEPT',
  'CALL_REJECT',
  'CALL_ENDED',
  'ICE_CANDIDATE',
];
const expoSaid = [...expoBothWays, 'CALL_BUSY', 'CALL_TIMEOUT', 'error'];

const channelsAccounts = [
  'POST /auth/register/',
  'POST /auth/login/',
  'POST /auth/token/refresh/',
  'GET /auth/profile/',
  'PATCH /auth/profile/',
  'DELETE /auth/profile/',
  'POST /auth/logout/',
];

export const PROMISED: Readonly<Record<Exclude<DialectName, 'native'>, Promised>> = {
  peer: {
    routes: [
      'POST /auth/login',
      'POST /auth/refresh',
      'POST /auth/verify',
      'GET /auth/verify',
      'POST /auth/logout',
      'POST /auth/register',
      'POST /admin/invitations/generate',
      'GET /admin/invitations/',
      'GET /admin/invitations',
      'GET /api/users/search',
      'GET /admin/users',
      'POST /admin/users/:id/ban',
      'POST /admin/users/:id/unban',
      'DELETE /admin/users/:id',
      'PATCH /admin/users/:id',
    ],
    heard: ['callUser', 'answerCall', 'rejectCall', 'endCall', 'iceCandidate'],
    said: [
      'users',
      'incomingCall',
      'callAccepted',
      'callAnswered',
      'callRejected',
      'callEnded',
      'iceCandidate',
      'userDisconnected',
      'error',
    ],
  },
  rooms: {
    routes: [
      'GET /health',
      'POST /api/auth/signup',
      'POST /api/auth/login',
      'GET /api/rooms',
      'POST /api/rooms',
      'GET /api/rooms/:roomId/messages',
    ],
    heard: [
      'join-room',
      'leave-room',
      'send-message',
      'webrtc-offer',
      'webrtc-answer',
      'webrtc-ice-candidate',
      'initiate-call',
      'accept-call',
      'reject-call',
      'end-call',
    ],
    said: [
      'new-message',
      'user-joined',
      'user-left',
      'room-participants',
      'webrtc-offer',
      'webrtc-answer',
      'webrtc-ice-candidate',
      'incoming-call',
      'call-accepted',
      'call-rejected',
      'call-ended',
      'error',
    ],
  },
  jitsi: {
    routes: ['GET /api/messages', 'POST /api/messages', 'GET /api/users', 'POST /api/login'],
    heard: [
      'join',
      'message',
      'message:send',
      'message:read',
      'typing:start',
      'typing:stop',
      'call:initiate',
      'call:respond',
      'call:end',
    ],
    said: [
      'connected',
      'message',
      'message:read',
      'typing:start',
      'typing:stop',
      'user:online',
      'user:offline',
      'call:initiated',
      'call:incoming',
      'call:response',
      'call:responded',
      'call:accepted',
      'call:rejected',
      'call:ended',
      'call:failed',
      'error',
      'auth:error',
    ],
  },
  expo: {
    routes: [
      'POST /api/auth/register',
      'POST /api/auth/login',
      'POST /api/auth/expo-push-token',
      'POST /api/auth/refresh-token',
      'GET /api/chat/history/:userId',
      'GET /api/call/history',
    ],
    heard: expoBothWays,
    said: [...expoSaid, 'chat delivered'],
  },
  'expo-lower': {
    routes: [],
    heard: expoBothWays.map((event) => event.toLowerCase()),
    said: [...expoSaid.map((event) => event.toLowerCase()), 'chat delivered'],
  },
  channels: {
    routes: [
      ...channelsAccounts,
      // Later clients use that prefix.
      ...channelsAccounts.map((route) => route.replace(' /auth/', ' /api/auth/')),
      'GET /api/rooms/',
      'POST /api/rooms/',
      'GET /api/rooms/:id/',
      'PATCH /api/rooms/:id/',
      'DELETE /api/rooms/:id/',
      'GET /api/rooms/:room_id/messages/',
    ],
    // Frames have no event names: these are their types, `message` stands for those with none.
    heard: ['message', 'webrtc-offer', 'webrtc-answer', 'webrtc-ice-candidate', 'webrtc-hangup'],
    said: ['message', 'webrtc-offer', 'webrtc-answer', 'webrtc-ice-candidate', 'webrtc-hangup'],
  },
};

/** Raw WebSockets: a path with the id of a room in it. */
export const PROMISED_UPGRADES = ['/ws/chat/:room_id/'] as const;
