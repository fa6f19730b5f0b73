import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtures } from '../../../packages/dialects/src/fixtures/all.ts';
import { dialects } from '../../../packages/dialects/src/index.ts';
import { http } from '../../harness/http.ts';
import { logIn } from '../../harness/people.ts';
import { allInOne, type Topology } from '../../harness/topology.ts';
import { inScene } from '../in-scene.ts';
import { castFor, JWT_SECRET, type Outsiders, outsiders } from './cast.ts';
import { FRAMES } from './frames.ts';
import { RawSocket } from './raw-socket.ts';
import { ACTORS } from './rows.ts';

let topology: Topology;
let standby: Outsiders;
beforeAll(async () => {
  topology = await allInOne({ JWT_SECRET, RATE_LIMIT_MESSAGES: 'off' });
  standby = await outsiders(topology, (await logIn(topology)).token);
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const frames = [...dialects.values()]
  .filter(({ transport }) => transport === 'websocket')
  .flatMap(({ name, inbound }) => [...inbound.keys()].map((event) => ({ name, event })));

it('the table lists every frame that can be sent, and no other', () => {
  expect([...FRAMES.keys()].sort()).toEqual(frames.map(({ name, event }) => `${name} ${event}`).sort());
});

describe('every frame, sent by', () => {
  it.each(frames.map(({ name, event }) => [`${name} ${event}`, name, event] as const))(
    '%s',
    async (listed, name, event) => {
      const row = FRAMES.get(listed)?.row;
      if (!row) throw new Error(`${listed} is not in the table`);
      const cast = await castFor(topology, standby);
      const url = topology.url(0);
      const made = await http('POST', `${url}/api/rooms`, {
        token: cast.creator.token,
        body: { name: `room-${randomUUID()}` },
      });
      const roomId = String(made.body.id);
      const ear = await RawSocket.open(url, roomId, cast.member.token);
      if (typeof ear === 'number') throw new Error(`a member was refused: ${ear}`);
      const fixture = fixtures.get(name)?.inbound.find((golden) => golden.event === event);
      const wrong: string[] = [];
      const letIn: RawSocket[] = [];
      for (const actor of ACTORS) {
        const person = actor === 'anonymous' ? undefined : cast[actor];
        const socket = await RawSocket.open(url, roomId, person?.token);
        const verdict = typeof socket === 'number' ? socket : 'yes';
        if (verdict !== row[actor]) wrong.push(`${actor}: ${verdict} instead of ${row[actor]}`);
        // What is not there is not told from what is by whoever may not know.
        const elsewhere = await RawSocket.open(url, '987654321', person?.token);
        if (elsewhere !== (row[actor] === 'yes' ? 404 : 401))
          wrong.push(`${actor} elsewhere: ${typeof elsewhere}`);
        if (typeof socket === 'number' || !person) continue;
        letIn.push(socket);
        // A socket hears its own chat but not its own signals; the user has another one here.
        const [frame] = inScene(fixture?.args, { me: person.id, other: cast.other.id, roomId }) as unknown[];
        socket.send(frame);
        await ear.hears(person.id, event === 'message' ? undefined : event);
      }
      for (const socket of [ear, ...letIn]) socket.close();
      expect(wrong).toEqual([]);
    },
  );
});
