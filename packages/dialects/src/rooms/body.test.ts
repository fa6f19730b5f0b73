import { expect, it } from 'vitest';
import { ALICE, BOB, bob, contextFor, OFFER, ROOM } from '../fixtures/canon.ts';
import { rooms } from './index.ts';

/** What the others in the room are sent of what one of them sends. */
function relayed(...args: unknown[]): unknown {
  const decoded = rooms.inbound.get('webrtc-offer')?.decode(args, { userId: BOB });
  if (!decoded?.ok || decoded.value.type !== 'room.signal') throw new Error('not understood');
  const { signal } = decoded.value;
  const delivery = {
    type: 'room.signal',
    roomId: ROOM,
    from: bob,
    socketId: 'sock-b',
    signal,
    direct: false,
  } as const;
  return rooms.encode(delivery, contextFor(ALICE))[0]?.args[0];
}

it.each([
  ['under the document’s name', [{ roomId: '5', offer: OFFER }], { offer: OFFER, sdp: OFFER.sdp }],
  ['as an object under sdp', [{ roomId: '5', sdp: OFFER }], { offer: OFFER, sdp: OFFER }],
  ['as text under sdp', [{ roomId: '5', sdp: OFFER.sdp }], { offer: OFFER, sdp: OFFER.sdp }],
  ['bare', ['5', OFFER], { offer: OFFER, sdp: OFFER.sdp }],
])('a client reads back a description that it sent %s', (_how, args, body) => {
  const frame = relayed(...args);
  expect(frame).toMatchObject(body);
  expect(JSON.parse(JSON.stringify(frame))).toStrictEqual(frame);
});
