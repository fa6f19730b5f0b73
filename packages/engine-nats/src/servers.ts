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
