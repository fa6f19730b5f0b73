import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, type Child, freePort, startChild, together, withFreePorts } from '@switchboard/processes';

/** Three real nats-servers that replicate JetStream, of a test's own. */
export interface TestNatsCluster extends AsyncDisposable {
  /** What NATS_URL would be. */
  readonly url: string;
  /** Of the server that calls itself so. */
  kill(name: string): Promise<void>;
}

export async function startTestNatsCluster(): Promise<TestNatsCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-nats-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  const places = await withFreePorts(async () => {
    const ports = await Promise.all(
      ['nats-1', 'nats-2', 'nats-3'].map(async (name) => ({
        name,
        port: await freePort(),
        routes: await freePort(),
        monitor: await freePort(),
      })),
    );
    const routes = ports.map((each) => `nats://127.0.0.1:${each.routes}`).join(',');
    const children = await together(
      ports.map((at) =>
        startChild({
          name: at.name,
          command: 'nats-server',
          args: [
            ...['-js', '-sd', join(folder, at.name), '-n', at.name, '-a', '127.0.0.1', '-p', String(at.port)],
            ...['-m', String(at.monitor), '-cluster_name', 'test', '-no_advertise', '-routes', routes],
            ...['-cluster', `nats://127.0.0.1:${at.routes}`],
          ],
          ready: () => answers(`http://127.0.0.1:${at.monitor}/healthz`),
        }),
      ),
    );
    return ports.map(({ name, port }, at) => ({ name, port, child: children[at] }));
  }).catch(async (error: unknown) => {
    await removeFolder();
    throw error;
  });
  const kill = async (child: Child | undefined): Promise<void> => child?.signal('SIGKILL');
  return {
    url: places.map(({ port }) => `nats://127.0.0.1:${port}`).join(','),
    async kill(name) {
      await kill(places.find((each) => each.name === name)?.child);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(places.map(({ child }) => kill(child)));
      await removeFolder();
    },
  };
}
