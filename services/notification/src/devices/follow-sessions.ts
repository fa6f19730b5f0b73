import type { Owner } from '@switchboard/service-kit';
import type { DeviceContext } from './device-context.ts';
import { endDevices, SESSION_ENDS, sweepSessions } from './ended-sessions.ts';

/** An event that finds auth away is worth waiting for: until then somebody who is gone may still be pushed to. */
const MAX_DELIVER = 20;

/** Devices end with their sessions, whatever ends those. */
export async function followSessions(context: DeviceContext, owner: Owner): Promise<void> {
  owner.own(sweepSessions(context));
  owner.own(
    await context.bus.consume(
      { durable: 'notification-devices', types: SESSION_ENDS, maxDeliver: MAX_DELIVER },
      (event) => endDevices(context, event),
    ),
  );
}
