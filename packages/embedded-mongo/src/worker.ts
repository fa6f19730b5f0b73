import { parentPort, workerData } from 'node:worker_threads';
import { Counters } from './engine/counters.ts';
import type { Log } from './engine/engine.ts';
import { type RunningServer, startServer } from './server.ts';
import type { FromWorker, WorkerSetup } from './worker-messages.ts';

/** The thread that the server and its store live on: the fsync of a commit blocks this event loop and nobody else's. */
async function run(): Promise<void> {
  const setup = workerData as WorkerSetup;
  let server: RunningServer;
  try {
    server = await startServer({ ...setup, counters: new Counters(setup.counters), log: forwardingLog() });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    send({ type: 'failed', name, message });
    parentPort?.close();
    return;
  }
  parentPort?.once('message', () => {
    void server.close().finally(() => {
      send({ type: 'closed' });
      parentPort?.close();
    });
  });
  send({ type: 'ready', port: server.port });
}

function forwardingLog(): Log {
  const forward = (level: 'info' | 'warn' | 'error') => (fields: object, message: string) =>
    send({ type: 'log', level, fields, message });
  return { info: forward('info'), warn: forward('warn'), error: forward('error') };
}

function send(message: FromWorker): void {
  parentPort?.postMessage(message);
}

await run();
