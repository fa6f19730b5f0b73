import { row, table } from './rows.ts';

//                       anonymous expired banned stranger member creator caller callee admin
const USERS = row('       401       401     401    yes      yes    yes     yes    yes    yes');
/** Everybody may join a room; until then it is not theirs to speak in. */
const PARTICIPANTS = row('401     401     401    403      yes    yes     403    403    403');
/** Whose socket it is only those know who share a room with it. */
const SOCKET_KNOWN = row('401     401     401    404      yes    yes     404    404    404');
const MEMBERS = row('     401       401     401    403      yes    yes     403    403    403');
/** Of a call named by its id, which nobody can guess: that there is such a call is no secret. */
const CALLEE = row('      401       401     401    403      403    403     403    yes    403');
const PARTIES = row('     401       401     401    403      403    403     yes    yes    403');
/** Named by the other party, or as the call that one is in: who has none finds none. */
const CALLEE_FOUND = row('401       401     401    404      404    404     403    yes    404');
const PARTIES_FOUND = row('401      401     401    404      404    404     yes    yes    404');

/** Every event of the Socket.IO vocabularies in each of its forms, and who may say it. */
export const EVENTS = table([
  {
    row: USERS,
    operations: [
      'jitsi join: session.join',
      'native session.join: session.join',
      'jitsi message: chat.send to direct',
      'jitsi message:send: chat.send to direct',
      'expo CHAT_MESSAGE: chat.send to direct',
      'native chat.send: chat.send to direct',
      'jitsi typing:start: chat.typing to direct',
      'jitsi typing:stop: chat.typing to direct',
      'expo CHAT_TYPING: chat.typing to direct',
      'expo CHAT_STOP_TYPING: chat.typing to direct',
      'native chat.typing: chat.typing to direct',
      'native chat.conversations: chat.conversations',
      'native presence.list: presence.list',
      'peer callUser: call.place to user',
      'jitsi call:initiate: call.place to user',
      'expo CALL_REQUEST: call.place to user',
      'native call.place: call.place to user',
      'rooms initiate-call: call.place to user',
      'rooms join-room: room.join',
      'native room.join: room.join',
      // Whoever is not in it has left it already.
      'rooms leave-room: room.leave',
      'native room.leave: room.leave',
      // Without an id it asks whether there is a call: for most there is none.
      'native call.resume: call.resume any',
    ],
  },
  {
    row: MEMBERS,
    hidden: true,
    operations: [
      'jitsi message:read: chat.read of messages',
      'jitsi message:read: chat.read of direct',
      'expo MESSAGE_READ: chat.read of messages',
      'native chat.read: chat.read of direct',
      'native chat.read: chat.read of messages',
      'native chat.sync: chat.sync',
      'native chat.history: chat.history',
    ],
  },
  {
    row: PARTICIPANTS,
    operations: [
      'rooms send-message: chat.send to room',
      'rooms webrtc-offer: room.signal to all',
      'rooms webrtc-answer: room.signal to all',
      'rooms webrtc-ice-candidate: room.signal to all',
      'rooms webrtc-offer: room.signal to user',
      'rooms webrtc-answer: room.signal to user',
      'rooms webrtc-ice-candidate: room.signal to user',
      'rooms webrtc-offer: room.signal to socket',
      'rooms initiate-call: call.place to room',
      'native chat.send: chat.send to room',
      'native room.signal: room.signal to user',
      'native room.signal: room.signal to socket',
      'native room.signal: room.signal to all',
      'native call.place: call.place to room',
    ],
  },
  { row: SOCKET_KNOWN, hidden: true, operations: ['rooms initiate-call: call.place to socket'] },
  {
    row: CALLEE,
    operations: [
      'jitsi call:respond: call.answer by id',
      'jitsi call:respond: call.reject by id',
      'expo CALL_ACCEPT: call.answer by id',
      'expo CALL_REJECT: call.reject by id',
      'rooms accept-call: call.answer by id',
      'rooms reject-call: call.reject by id',
      'native call.answer: call.answer by id',
      'native call.reject: call.reject by id',
      'native call.ack: call.ack',
    ],
  },
  {
    row: CALLEE_FOUND,
    operations: [
      'peer answerCall: call.answer by user',
      'peer rejectCall: call.reject by user',
      'jitsi call:respond: call.reject by user',
      'expo CALL_ACCEPT: call.answer by user',
      'expo CALL_BUSY: call.reject by user',
      'rooms accept-call: call.answer by user',
      'rooms reject-call: call.reject by user',
      'rooms accept-call: call.answer by socket',
      'rooms reject-call: call.reject by socket',
      'rooms accept-call: call.answer by current',
      'rooms reject-call: call.reject by current',
      'native call.answer: call.answer by current',
    ],
  },
  {
    row: PARTIES,
    operations: [
      'jitsi call:end: call.end by id',
      'expo CALL_ENDED: call.end by id',
      'expo CALL_TIMEOUT: call.end by id',
      'expo ICE_CANDIDATE: call.signal by id',
      'rooms webrtc-offer: call.signal by id',
      'rooms end-call: call.end by id',
      'native call.end: call.end by id',
      'native call.signal: call.signal by id',
      'native call.resume: call.resume by id',
      'native call.take: call.take',
    ],
  },
  {
    row: PARTIES_FOUND,
    operations: [
      'peer endCall: call.end by user',
      'peer iceCandidate: call.signal by user',
      'jitsi call:end: call.end by user',
      'expo ICE_CANDIDATE: call.signal by user',
      'expo CALL_ENDED: call.end by user',
      'expo CALL_ENDED: call.end by current',
      'rooms end-call: call.end by user',
      'rooms end-call: call.end by socket',
      'rooms end-call: call.end by current',
      'native call.end: call.end by current',
      'native call.signal: call.signal by current',
    ],
  },
]);
