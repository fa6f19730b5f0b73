import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between a process and the servers it uses. */
export interface CuttableLine extends AsyncDisposable {
  /** Stands before these too; returns where, in the same form: `host:port`, comma-separated. */
  before(hosts: string): Promise<string>;
  /** `silent`: nothing passes any more, as behind a dead switch. Otherwise connections break, and new ones do. */
  cut(silent: boolean): void;
  /** What waited in silence goes on. */
  mend(): void;
}

export function createCuttableLine(): CuttableLine {
  const servers: ReturnType<typeof createServer>[] = [];
  const pairs = new Set<readonly [Socket, Socket]>();
  let state: 'whole' | 'silent' | 'broken' = 'whole';

  const join = ([near, far]: readonly [Socket, Socket]): void => {
    near.pipe(far);
    far.pipe(near);
  };
  const part = (pair: readonly [Socket, Socket]): void => {
    for (const socket of pair) socket.unpipe().pause();
  };
  const end = (pair: readonly [Socket, Socket]): void => {
    pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  };

  const stand = async (host: string, port: number): Promise<string> => {
    const server = createServer((near) => {
      if (state === 'broken') {
        near.destroy();
        return;
      }
      const far = connect({ host, port });
      const pair = [near, far] as const;
      pairs.add(pair);
      for (const socket of pair) {
        socket.setNoDelay(true);
        socket.on('error', () => end(pair));
        socket.on('close', () => end(pair));
      }
      if (state === 'whole') join(pair);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `127.0.0.1:${address.port}`;
  };

  return {
    async before(hosts) {
      const stood = hosts.split(',').map((each) => {
        const [host = '', port] = each.split(':');
        return stand(host, Number(port));
      });
      return (await Promise.all(stood)).join(',');
    },
    cut(silent) {
      state = silent ? 'silent' : 'broken';
      const leave = silent ? part : end;
      for (const pair of [...pairs]) leave(pair);
    },
    mend() {
      state = 'whole';
      for (const pair of pairs) {
        part(pair);
        join(pair);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const pair of [...pairs]) end(pair);
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
