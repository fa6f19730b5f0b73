import { lookup, Resolver } from 'node:dns/promises';

/** All addresses of a host name; rejects when there are none. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

/** As the machine itself would, its hosts file included. */
export const resolveLocally: ResolveName = async (name) =>
  (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address);

/**
 * From the name servers alone: what only this machine calls by a name is nothing that a stranger should name. It also keeps slow name servers from
 * filling the few threads that `lookup` shares with the file system.
 */
export function createPublicResolver(): ResolveName {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  return async (name) => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (addresses.length > 0) return addresses;
    throw answers[0].status === 'rejected' ? answers[0].reason : new Error('no address');
  };
}
