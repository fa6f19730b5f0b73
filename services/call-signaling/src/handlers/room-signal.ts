import { type CommandOf, ok, type ReplyOf, type Result, reject } from '@switchboard/protocol';
import { names, type Other } from '../calls/find-call.ts';
import type { Handler, SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import { findPeer } from '../rooms/find-peer.ts';
import { relayToRoom, relayToSockets } from '../rooms/relay-in-room.ts';
import { callEnd } from './call-end.ts';
import { callSignal } from './call-signal.ts';

type Signalled = Result<ReplyOf<'room.signal'>>;

/**
 * Negotiation in a room. What the parties of a live call say to each other is that call's and takes its way; all else goes to whom it names in the
 * room, or to everybody else there. Where this node hosts the call or knows the room, no store is read.
 */
export const roomSignal: Handler<'room.signal'> = async (session, command, context) => {
  const inCall = await insideCall(session, command, context);
  if (inCall) return inCall;
  const { to, roomId, signal } = command;
  if (to) {
    const found = await findPeer(context.rooms, session, to, roomId);
    if (!found) return reject('PERMISSION_DENIED', 'You share no room with them');
    relayToSockets(context, session, found, signal);
    return ok({ relayed: true });
  }
  const room = await whichRoom(session, roomId, context);
  return room.ok ? ok({ relayed: await relayToRoom(context, session, room.value, signal) }) : room;
};

/** Only a socket that sits in a call can signal in it, and this node knows which of its sockets do. */
async function insideCall(
  session: Session,
  { to, roomId, signal }: CommandOf<'room.signal'>,
  context: SignalingContext,
): Promise<Signalled | undefined> {
  const live = context.calls.hosted.seatOf(session.deviceId)?.live;
  if (!live || (!to && roomId !== undefined)) return undefined;
  if (to && !(await names(context, session, live, otherOf(to)))) return undefined;
  const ref = { by: 'id', callId: live.state.call.id } as const;
  if (signal.kind !== 'hangup') return callSignal(session, { type: 'call.signal', ref, signal }, context);
  const ended = await callEnd(session, { type: 'call.end', ref }, context);
  return ended.ok ? ok({ relayed: true }) : ended;
}

function otherOf(to: NonNullable<CommandOf<'room.signal'>['to']>): Other {
  return to.kind === 'user' ? { by: 'user', userId: to.userId } : { by: 'socket', socketId: to.socketId };
}

async function whichRoom(
  session: Session,
  roomId: CommandOf<'room.signal'>['roomId'],
  { rooms }: SignalingContext,
) {
  if (roomId !== undefined) {
    return (await rooms.has(session, roomId))
      ? ok(roomId)
      : reject('PERMISSION_DENIED', 'Join the room first');
  }
  const [only, ...others] = await rooms.of(session);
  if (only === undefined) return reject('PERMISSION_DENIED', 'Join a room first');
  return others.length === 0 ? ok(only) : reject('INVALID_DATA', 'Say which room');
}
