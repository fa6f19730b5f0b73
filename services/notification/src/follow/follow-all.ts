import type { Bus } from '@switchboard/ports';
import { type EventFollower, followEvents, mongoFault } from '@switchboard/service-kit';

/** An event that finds the database or auth away is worth waiting for: until then somebody who is gone may still be pushed to. */
const MAX_DELIVER = 20;

/** The service's one durable consumer, `notification`: hands every event to those who follow its type. Disposing stops all of them. */
export function followAll(
  bus: Pick<Bus, 'consume'>,
  followers: readonly EventFollower[],
): Promise<AsyncDisposable> {
  const options = { durable: 'notification', maxDeliver: MAX_DELIVER };
  return followEvents(bus, options, followers.map(waitingForDatabase));
}

/** While the database is away the event waits, and is not given up: whoever reads a store of its own need not see to that. */
function waitingForDatabase(follower: EventFollower): EventFollower {
  return {
    types: follower.types,
    async handle(event) {
      try {
        await follower.handle(event);
      } catch (error) {
        throw mongoFault(error);
      }
    },
  };
}
