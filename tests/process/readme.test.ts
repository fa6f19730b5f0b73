import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startServer, temporaryFolder } from '../harness/server-process.ts';

const run = promisify(execFile);

/** The block that the README invites to paste, as it stands there. */
function tryItLines(): string {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const block = /<!-- try-it -->\n```sh\n([\s\S]*?)```/.exec(readme)?.[1];
  if (!block) throw new Error('the README has no try-it block');
  return block;
}

it('the lines of the README work when pasted', async () => {
  const data = await temporaryFolder();
  const server = await startServer({ DATA_DIR: data.path, PORT: '0' });
  try {
    const script = tryItLines().replaceAll('localhost:3000', new URL(server.url).host);
    // Each reply on a line of its own.
    const { stdout } = await run('bash', [
      '-euo',
      'pipefail',
      '-c',
      script.replaceAll('curl -s', "curl -sf -w '\\n'"),
    ]);
    const [sent, listed, conversations, health] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(sent).toMatchObject({ success: true, message: { content: 'Hello Bob!', receiverId: '2' } });
    expect(listed.messages).toMatchObject([{ id: sent.message.id, content: 'Hello Bob!' }]);
    expect(conversations.conversations).toMatchObject([{ id: 'd:1:2', lastSeq: 1 }]);
    expect(health.status).toBe('ok');
  } finally {
    await server.stop('SIGTERM');
    await data.remove();
  }
});
