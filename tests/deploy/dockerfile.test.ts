import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../harness/server-process.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { packageManager: string };

/** Instructions with their lines joined; comments and blank lines left out. */
const instructions = readFileSync(join(root, 'Dockerfile'), 'utf8')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line.trim() !== '');
const stages = instructions.reduce<string[][]>((all, line) => {
  if (line.startsWith('FROM ')) all.push([line]);
  else all.at(-1)?.push(line);
  return all;
}, []);
const [build = [], runtime = []] = stages;
const last = (word: string) => runtime.filter((line) => line.startsWith(`${word} `)).at(-1);

describe('Dockerfile', () => {
  it('builds in one stage and runs in another, both from one pinned image', () => {
    expect(stages).toHaveLength(2);
    expect(instructions.find((line) => line.startsWith('ARG NODE_IMAGE='))).toMatch(
      /=node:\d+\.\d+\.\d+-bookworm-slim$/,
    );
    for (const stage of stages) expect(stage[0]).toMatch(/^FROM \$\{NODE_IMAGE\} AS \w+$/);
  });

  it('runs as nobody special, by an exec form that hears signals', () => {
    expect(last('USER')).toBe('USER node');
    expect(runtime.indexOf('USER node')).toBeGreaterThan(
      Math.max(...runtime.map((line, at) => (line.startsWith('COPY') ? at : 0))),
    );
    expect(last('CMD')).toBe('CMD ["node", "dist/main.js"]');
    expect(last('STOPSIGNAL')).toBe('STOPSIGNAL SIGTERM');
    expect(last('HEALTHCHECK')).toContain('/livez');
  });

  it('takes from the build what runs, and no secret', () => {
    const copies = runtime.filter((line) => line.startsWith('COPY'));
    expect(copies.every((line) => line.startsWith('COPY --from=build '))).toBe(true);
    expect(instructions.filter((line) => /(SECRET|PASSWORD|TOKEN)/i.test(line))).toEqual([]);
    expect(instructions.filter((line) => /:latest|curl .*\| *sh/.test(line))).toEqual([]);
  });

  it('installs the package manager that the repository pins', () => {
    expect(build).toContain(`ARG PNPM_VERSION=${manifest.packageManager.split('@')[1]}`);
  });

  it.each(['auth', 'chat', 'notification', 'call-signaling'])(
    'what it deploys for %s is complete: it starts, and says what it is not told',
    async (service) => {
      const folder = await temporaryFolder();
      try {
        const out = join(folder.path, 'out');
        // The last line of the build stage, said here.
        expect(build.at(-1)).toContain('deploy --prod --legacy /out');
        const pnpm = ['--yes', manifest.packageManager];
        const args = [
          '--filter',
          `@switchboard/${service}`,
          '--offline',
          'deploy',
          '--prod',
          '--legacy',
          out,
        ];
        await run('npx', [...pnpm, ...args], { cwd: root });
        const started = spawnSync(process.execPath, ['dist/main.js'], {
          cwd: out,
          env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production' },
          encoding: 'utf8',
          timeout: 20_000,
        });
        expect(started.stdout + started.stderr).toContain('JWT_SECRET is missing');
        expect(started.status).toBe(1);
      } finally {
        await folder.remove();
      }
    },
    120_000,
  );
});
