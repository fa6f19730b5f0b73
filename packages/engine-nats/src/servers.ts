export interface NatsServers {
  /** `host:port` each. */
  readonly hosts: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly tls: boolean;
}

/** `nats[s]://[user:password@]a:4222,b:4222,…`: the nodes of one cluster with one account; later ones may repeat the scheme. */
export function readServers(url: string): NatsServers {
  const [first = '', ...others] = url.split(',').map((each) => each.trim());
  const { protocol, username, password, host } = new URL(first);
  const hosts = [host, ...others.map((each) => each.replace(/^[a-z]+:\/\//i, '').replace(/^[^@]*@/, ''))];
  return {
    hosts,
    ...(username ? { user: decodeURIComponent(username), password: decodeURIComponent(password) } : {}),
    tls: protocol === 'tls:',
  };
}

/**
 * What the inboxes of a user begin with, so that a server may let each user hear what it is answered and nobody else's: `_INBOX_<user>`. Undefined, for the client's own `_INBOX`,
 * without a user, or with one whose name cannot be part of a subject.
 */
export function inboxPrefixOf(user: string | undefined): string | undefined {
  return user !== undefined && /^[\w-]+$/.test(user) ? `_INBOX_${user}` : undefined;
}
