import { type BusEvent, orderingKey } from '@switchboard/protocol';
import { headers, type MsgHdrs } from './jetstream.ts';
import { streamOf } from './subjects.ts';

/**
 * What makes a message a CloudEvent (1.0, binary mode of the binding for NATS): its attributes as headers, and the data as it is. All of them are ASCII without blanks, so none needs to
 * be escaped. `ce-type` is the type that webhooks show, too; `ce-subject` is what the event is about: events with the same come in order.
 */
export function cloudEventHeaders(event: BusEvent): MsgHdrs {
  const made = headers();
  made.set('ce-specversion', '1.0');
  made.set('ce-id', event.id);
  made.set('ce-source', `urn:switchboard:${streamOf(event.type).toLowerCase()}`);
  made.set('ce-type', event.type);
  made.set('ce-time', event.at);
  made.set('ce-subject', orderingKey(event));
  made.set('content-type', 'application/json');
  return made;
}
