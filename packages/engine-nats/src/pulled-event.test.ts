import type { Msg } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { pulledEvent } from './pulled-event.ts';

function delivered(reply: string | undefined) {
  const said: string[] = [];
  const message = {
    reply,
    string: () => 'text',
    respond(words: string) {
      said.push(words);
      return true;
    },
  };
  return { message: message as unknown as Msg, said };
}

const PLAIN = '$JS.ACK.CALLS.signaling-delivery-p3.2.4711.17.1700000000000000000.5';

describe('a delivered event', () => {
  it.each([
    ['as servers before domains say it', PLAIN],
    [
      'with domain and account',
      '$JS.ACK._.ACCHASH.CALLS.signaling-delivery-p3.2.4711.17.1700000000000000000.5.token',
    ],
  ])('knows its place and its count, %s', (_, reply) => {
    const { message } = delivered(reply);
    expect(pulledEvent(message)).toMatchObject({ seq: 4711, deliveryCount: 2 });
  });

  it.each([undefined, '', '_INBOX.one.two', '$JS.ACK.CALLS', '$JS.FC.CALLS.d.2.4711.17.1.5'])(
    'is not what says %s',
    (reply) => {
      expect(() => pulledEvent(delivered(reply).message)).toThrow(RangeError);
    },
  );

  it('is settled once, and says that it is worked on only before', () => {
    const { message, said } = delivered(PLAIN);
    const event = pulledEvent(message);
    event.working();
    event.nak(1_500);
    event.ack();
    event.working();
    expect(said).toEqual(['+WPI', '-NAK {"delay":1500000000}']);
  });
});
