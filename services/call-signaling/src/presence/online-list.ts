import type { Clock, Presence } from '@switchboard/ports';
import type { PublicUser } from '@switchboard/protocol';
import type { UserDirectory } from '@switchboard/service-kit';
import { sharedReads } from '../shared-reads.ts';

/** Everybody online, by id; a storm of connects reads it twice, not once each. */
export function createOnlineList(
  presence: Presence,
  directory: UserDirectory,
  clock: Clock,
): () => Promise<PublicUser[]> {
  const read = async (): Promise<PublicUser[]> => {
    const ids = await presence.online(clock.now());
    const users = await directory.many(ids);
    return ids
      .flatMap((id) => users.get(id) ?? [])
      .map(({ id, username, name }) => ({ id, username, name }))
      .sort((a, b) => Number(a.id) - Number(b.id));
  };
  const shared = sharedReads((_list: 'everybody') => read());
  return () => shared('everybody');
}
