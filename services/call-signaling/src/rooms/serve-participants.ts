import type { Bus } from '@switchboard/ports';
import { ok, type Participant } from '@switchboard/protocol';
import type { RoomReader } from './room-reader.ts';

/** Rooms of one question read at the same time. */
const ABREAST = 32;

/** Tells other services who is in rooms; any node can. */
export function serveParticipants(bus: Bus, reader: RoomReader): Promise<AsyncDisposable> {
  return bus.serve('signaling.room.participants', async ({ roomIds }) => {
    const rooms: Record<string, Participant[]> = {};
    const waiting = [...new Set(roomIds)];
    const worker = async (): Promise<void> => {
      for (let roomId = waiting.pop(); roomId; roomId = waiting.pop()) {
        const members = await reader.now(roomId);
        if (members.length > 0) rooms[roomId] = await reader.participants(members);
      }
    };
    await Promise.all(Array.from({ length: Math.min(ABREAST, waiting.length) }, worker));
    return ok({ rooms });
  });
}
