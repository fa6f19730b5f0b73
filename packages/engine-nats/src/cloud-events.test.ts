import { randomUUID } from 'node:crypto';
import { connect } from '@nats-io/transport-node';
import { BusEvent } from '@switchboard/protocol';
import { expect, it } from 'vitest';
import { createNatsBus } from './nats-bus.ts';
import { startTestNats } from './testing/test-nats.ts';

it('an event on the wire is a CloudEvent in binary mode, its data as it always was', async () => {
  await using server = await startTestNats();
  const bus = await createNatsBus({ url: server.url, name: 'publisher', replicas: 1 });
  const event = BusEvent.parse({
    v: 1,
    id: randomUUID(),
    at: '2025-09-25T10:30:00.000Z',
    type: 'auth.session.revoked',
    userId: '7',
  });
  const nats = await connect({ servers: new URL(server.url).host });
  const heard = nats.subscribe('auth.session.revoked.*', { max: 1 });
  await nats.flush();
  await bus.publish(event);
  for await (const message of heard) {
    const attributes = Object.fromEntries(
      (message.headers?.keys() ?? []).map((name) => [name, message.headers?.get(name)]),
    );
    expect(attributes).toEqual({
      'Nats-Msg-Id': event.id,
      'ce-specversion': '1.0',
      'ce-id': event.id,
      'ce-source': 'urn:switchboard:auth',
      'ce-type': 'auth.session.revoked',
      'ce-time': '2025-09-25T10:30:00.000Z',
      'ce-subject': 'user:7',
      'content-type': 'application/json',
    });
    expect(message.json()).toEqual(event);
  }
  await nats.close();
  await bus.close();
});
