import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startServer, temporaryFolder } from '../harness/server-process.ts';

const run = promisify(execFile);
const example = fileURLToPath(new URL('../../packages/client/examples/chat-and-call.mjs', import.meta.url));

it('the example of the client runs as it stands, and ends by itself', async () => {
  const data = await temporaryFolder();
  const server = await startServer({ DATA_DIR: data.path, PORT: '0', SEED_DEMO: 'true' });
  try {
    const { stdout } = await run(process.execPath, [example, server.url], { timeout: 15_000 });
    expect(stdout.trim().split('\n')).toEqual([
      '#1 is stored; Bob Smith reads: Shall I call?',
      'Bob Smith took the call with an answer',
    ]);
  } finally {
    await server.stop('SIGTERM');
    await data.remove();
  }
});
