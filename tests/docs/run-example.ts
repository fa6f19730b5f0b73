import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from './page.ts';

export interface Ran {
  readonly exitCode: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

const PATIENCE_MS = 30_000;

/**
 * Runs a page's program as its reader would: as a file in a folder of its own with the packages installed, told nothing but where the server is.
 */
export async function runExample(code: string, url: string): Promise<Ran> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-docs-'));
  try {
    const file = join(folder, 'example.mjs');
    await writeFile(file, code);
    await symlink(join(repository, 'tests/node_modules'), join(folder, 'node_modules'));
    const env = { PATH: process.env.PATH, SWITCHBOARD_URL: url };
    return await new Promise((resolve) => {
      execFile(
        process.execPath,
        [file],
        { cwd: folder, env, timeout: PATIENCE_MS },
        (error, stdout, stderr) => {
          resolve({ exitCode: error ? (error.code ?? error.signal ?? 'killed') : 0, stdout, stderr });
        },
      );
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
