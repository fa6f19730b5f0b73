import { randomUUID } from 'node:crypto';
import { fixtures } from '../../../packages/dialects/src/fixtures/all.ts';
import type { Person, Stage } from '../../harness/people.ts';
import type { SocketClient } from '../../harness/socket-client.ts';

/** What comes by itself: who is here, and that a message sent before has arrived. */
const BY_ITSELF = ['connected', 'presence', 'room.participants', 'message.delivered'];

/** The same in every vocabulary's words. */
const EXPECTED = new Set(
  [...fixtures.values()].flatMap(({ outbound }) =>
    outbound
      .filter(({ delivery }) => BY_ITSELF.includes(delivery.type))
      .flatMap(({ frames }) => frames.map(({ event }) => event)),
  ),
);

/** Sockets that must hear nothing for a while. */
export interface Ears {
  /**
   * What has been heard since the last call, what comes by itself aside. A message to every ear is waited for, which takes the way of everything that a command
   * can cause, and then an answer on the same connection: whatever was to come has come.
   */
  heard(): Promise<string[]>;
}

/** @param bell Speaks to the people whose ears these are. */
export function listen(
  stage: Stage,
  bell: SocketClient,
  people: readonly Person[],
  sockets: readonly SocketClient[],
): Ears {
  const marks = new Map(sockets.map((socket) => [socket, socket.log.all.length]));
  const own: Promise<SocketClient[]> = Promise.all(people.map((person) => stage.native(person)));
  return {
    async heard() {
      const natives = await own;
      const ring = `bell ${randomUUID()}`;
      await Promise.all(
        people.map(async (person, index) => {
          await bell.ask('chat.send', { to: { userId: person.id }, content: ring });
          await natives[index]?.log.next('message.created', (sent) => JSON.stringify(sent).includes(ring));
        }),
      );
      const all = [...natives, ...sockets];
      await Promise.all(all.map((socket) => socket.ask('nothing by this name')));
      return all.flatMap((socket) => {
        const from = marks.get(socket) ?? 0;
        marks.set(socket, socket.log.all.length);
        return socket.log.all
          .slice(from)
          .filter(({ event, args }) => !EXPECTED.has(event) && !JSON.stringify(args).includes('bell '))
          .map(({ event, args }) => `${event} ${JSON.stringify(args)}`);
      });
    },
  };
}
