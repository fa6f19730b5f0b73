import { createManualClock } from '@switchboard/engine-memory';
import type { RoomId } from '@switchboard/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCallCluster, DEFAULT_TIMINGS, type TestDevice } from '../testing/call-cluster.ts';

const NODES = 3;
const USERS = 4;
const ROOMS = 2;

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('join' as const), socket: fc.nat(7), room: fc.nat(ROOMS - 1) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('leave' as const), socket: fc.nat(7), room: fc.nat(ROOMS - 1) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const), socket: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('empty' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(60) }) },
);

describe('however joins, leaves and disconnects fall together', () => {
  it('everybody in a room is shown in the end who is in it, and nobody else is kept there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const clock = createManualClock();
        const cluster = await createCallCluster({ nodes: NODES, clock });
        const rooms = Array.from({ length: ROOMS }, (_, at) => cluster.room(at + 1));
        const sockets: TestDevice[] = [];
        for (let at = 0; at < 8; at += 1) {
          sockets.push(await cluster.connect((at % USERS) + 1, 'native', at % NODES));
        }
        const inside = new Map<TestDevice, Set<RoomId>>(sockets.map((socket) => [socket, new Set()]));
        const gone = new Set<TestDevice>();
        const asked: Promise<unknown>[] = [];
        for (const one of steps) {
          if (one.do === 'wait') await clock.advance(one.ms);
          else if (one.do === 'empty') cluster.emptyRooms();
          else {
            const socket = sockets[one.socket];
            if (!socket || gone.has(socket)) continue;
            const roomId = 'room' in one ? rooms[one.room] : undefined;
            if (one.do === 'disconnect') {
              gone.add(socket);
              inside.delete(socket);
              asked.push(socket.leave());
            } else if (roomId) {
              if (one.do === 'join') inside.get(socket)?.add(roomId);
              else inside.get(socket)?.delete(roomId);
              asked.push(socket.send({ type: `room.${one.do}`, roomId }));
            }
          }
        }
        await clock.advance(3_000);
        await Promise.all(asked);
        await clock.advance(DEFAULT_TIMINGS.leaseMs);

        for (const roomId of rooms) {
          const there = [...inside].filter(([, theirs]) => theirs.has(roomId)).map(([socket]) => socket);
          const members = await cluster.roomPresence.membersOf(roomId, clock.now());
          const deviceIds = (ids: Iterable<string>) => [...ids].sort();
          expect(deviceIds(members.map(({ participant }) => participant.deviceId))).toEqual(
            deviceIds(there.map(({ deviceId }) => deviceId)),
          );
          const users = [...new Set(there.map(({ identity }) => identity.id))].sort();
          for (const socket of sockets) {
            expect(socket.joined.has(roomId)).toBe(there.includes(socket));
            if (!there.includes(socket)) continue;
            const last = socket
              .of('room.participants')
              .filter((list) => list.roomId === roomId)
              .at(-1);
            expect(last?.participants.map(({ id }) => id).sort()).toEqual(users);
          }
        }
        await cluster[Symbol.asyncDispose]();
      }),
      { numRuns: 60, seed: 20_260_101 },
    );
  });
});
