import { row, table } from './rows.ts';

/** A raw WebSocket is refused in its upgrade; whoever is let in takes part in the room, and may say whatever can be said there. */
//                   anonymous expired banned stranger member creator caller callee admin
const USERS = row('   401       401     401    yes      yes    yes     yes    yes    yes');

/** Every frame of the vocabularies on raw WebSockets, and who may send it. */
export const FRAMES = table([
  {
    row: USERS,
    operations: [
      'channels message',
      'channels webrtc-offer',
      'channels webrtc-answer',
      'channels webrtc-ice-candidate',
      'channels webrtc-hangup',
    ],
  },
]);
