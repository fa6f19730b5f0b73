import { accepts, freePort, startChild, withFreePorts } from '@switchboard/processes';
import { temporaryFolder } from './server-process.ts';

/** A real coturn that takes the credentials of whoever shares its secret, on 127.0.0.1. */
export interface Coturn extends AsyncDisposable {
  readonly port: number;
  readonly secret: string;
  /** What TURN_URLS would be. */
  readonly url: string;
}

export async function startCoturn(): Promise<Coturn> {
  const folder = await temporaryFolder();
  const secret = 'shared by switchboard and coturn';
  const start = async () => {
    // The relayed ports beside it: two a party, and some for those whose end coturn has not noticed.
    const port = await freePort({ beside: Array.from({ length: 16 }, (_, n) => n + 1) });
    const child = await startChild({
      name: 'turnserver',
      command: 'turnserver',
      args: [
        '-n',
        '--use-auth-secret',
        `--static-auth-secret=${secret}`,
        '--realm=switchboard.test',
        '--listening-ip=127.0.0.1',
        '--relay-ip=127.0.0.1',
        `--listening-port=${port}`,
        `--min-port=${port + 1}`,
        `--max-port=${port + 16}`,
        '--allow-loopback-peers',
        '--no-cli',
        '--no-tls',
        '--no-dtls',
        '--relay-threads=1',
        `--userdb=${folder.path}/turndb`,
        `--pidfile=${folder.path}/pid`,
        '--log-file=stdout',
      ],
      ready: () => accepts(port),
    });
    return { port, child };
  };
  const { port, child } = await withFreePorts(start).catch(async (error: unknown) => {
    await folder.remove();
    throw error;
  });
  return {
    port,
    secret,
    url: `turn:127.0.0.1:${port}?transport=udp`,
    async [Symbol.asyncDispose]() {
      await child.stop();
      await folder.remove();
    },
  };
}
