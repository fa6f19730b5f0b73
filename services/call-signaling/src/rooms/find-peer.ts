import type { RoomMember } from '@switchboard/ports';
import type { Peer, RoomId } from '@switchboard/protocol';
import type { Session } from '../edge/session.ts';
import type { Rooms } from './rooms.ts';

/** A room and the sockets in it that somebody named. */
export interface FoundPeer {
  readonly roomId: RoomId;
  readonly sockets: readonly RoomMember[];
}

type MayAsk = Pick<Rooms, 'of' | 'members' | 'membersNow'>;

/**
 * Whom the session means by `peer`: in `roomId`, or in the first of its rooms where they are. What this node knows is believed when it has them; before
 * it says that nobody is there the store is asked. Never the session's own socket.
 */
export async function findPeer(
  rooms: MayAsk,
  session: Session,
  peer: Peer,
  roomId?: RoomId,
): Promise<FoundPeer | undefined> {
  const mine = await rooms.of(session);
  const among = mine.filter((one) => roomId === undefined || one === roomId);
  const look = async (read: (roomId: RoomId) => Promise<readonly RoomMember[]>) => {
    const found = await Promise.all(
      among.map(async (one) => ({
        roomId: one,
        sockets: (await read(one)).filter((member) => isMeant(member, session, peer)),
      })),
    );
    return found.find(({ sockets }) => sockets.length > 0);
  };
  return (await look(rooms.members)) ?? (await look(rooms.membersNow));
}

function isMeant({ participant }: RoomMember, session: Session, peer: Peer): boolean {
  if (participant.deviceId === session.deviceId) return false;
  return peer.kind === 'user' ? participant.id === peer.userId : participant.socketId === peer.socketId;
}
