// `npm start`, `npm test`, `npm run cluster`, `npm run faults`, `npm run bench`, `npm run seed`: installs and builds what is missing or stale, then runs.
// Plain JavaScript on Node's own modules: it must work before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensurePrograms, howToInstall } from './programs.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const pnpm = manifest.packageManager; // pnpm@10.34.x
const stamps = join(root, '.stamp');

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Switchboard needs Node 20.19 or newer; this is ${process.version}.`);
  }
}

function run(command, args, env = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** pnpm from the PATH when it is the pinned release line, else through npx. */
function runPnpm(args) {
  const wanted = pnpm.split('@')[1].split('.').slice(0, 2).join('.');
  const found = spawnSync('pnpm', ['--version'], { cwd: root, encoding: 'utf8' });
  if (found.status === 0 && found.stdout.trim().startsWith(`${wanted}.`)) run('pnpm', args);
  else run('npx', ['--yes', pnpm, ...args]);
}

function filesBelow(folder, keep) {
  const found = [];
  const walk = (at) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name === 'dist' || entry.name.startsWith('.')) continue;
      const path = join(at, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (keep(entry.name)) found.push(path);
    }
  };
  if (existsSync(folder)) walk(folder);
  return found;
}

/** Contents for the few files that decide what is installed, names and times for the many that decide what is built. */
function fingerprint(paths, byContent) {
  const hash = createHash('sha256')
    .update(process.version)
    .update(process.platform + process.arch);
  for (const path of paths.sort()) {
    hash.update(path.slice(root.length));
    if (byContent) hash.update(readFileSync(path));
    else {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${mtimeMs}:${size}`);
    }
  }
  return hash.digest('hex');
}

/** Runs `work` unless it succeeded before for the same inputs. The stamp is written only after success. */
function once(name, print, needed, work) {
  const stamp = join(stamps, name);
  if (!needed() && existsSync(stamp) && readFileSync(stamp, 'utf8') === print()) return;
  rmSync(stamp, { force: true });
  work();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, print());
}

const workspaces = ['packages', 'services', 'tests', 'bench', 'deploy'];

function install() {
  const inputs = () => [
    join(root, 'pnpm-lock.yaml'),
    join(root, 'pnpm-workspace.yaml'),
    join(root, 'package.json'),
    ...workspaces.flatMap((folder) => filesBelow(join(root, folder), (name) => name === 'package.json')),
  ];
  once(
    'install',
    () => fingerprint(inputs(), true),
    () => !existsSync(join(root, 'node_modules', '.modules.yaml')),
    () => runPnpm(['install', '--frozen-lockfile']),
  );
}

function build() {
  const source = (name) => /\.(ts|tsx|json|css|html|svg|js|mjs)$/.test(name);
  const inputs = () => [
    join(root, 'tsconfig.base.json'),
    join(root, 'tsconfig.json'),
    ...['packages', 'services'].flatMap((folder) =>
      filesBelow(join(root, folder), (name) => source(name) && !name.endsWith('.test.ts')),
    ),
  ];
  once(
    'build',
    () => fingerprint(inputs(), false),
    () =>
      !existsSync(join(root, 'services/all-in-one/dist/main.js')) ||
      !existsSync(join(root, 'packages/web/dist/index.html')),
    () => {
      run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
      run(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', 'packages/web']);
    },
  );
}

requireNode();
process.chdir(root);
const [task = 'start', ...rest] = process.argv.slice(2);
install();
build();

switch (task) {
  case 'start':
    // In this very process, so that signals and the exit code need no forwarding.
    await import(pathToFileURL(join(root, 'services/all-in-one/dist/main.js')).href);
    break;
  case 'build':
    break;
  case 'test': {
    const missing = ensurePrograms();
    if (missing.length > 0 && process.env.SWITCHBOARD_REQUIRE_PROGRAMS) {
      fail(`The tests need ${missing.join(', ')}. ${howToInstall(missing)}`);
    }
    run(
      process.execPath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--reporter=default',
        `--reporter=${join(root, 'scripts/tally-reporter.mjs')}`,
        ...rest,
      ],
      { SWITCHBOARD_MISSING_PROGRAMS: missing.join(',') },
    );
    break;
  }
  case 'seed':
    await import(pathToFileURL(join(root, 'services/all-in-one/dist/seed.js')).href);
    break;
  case 'cluster':
    // In this very process, too: whoever ends it ends the cluster.
    process.argv = [process.execPath, join(root, 'deploy/cluster/src/main.ts'), ...rest];
    (await import('tsx/esm/api')).register();
    await import(pathToFileURL(join(root, 'deploy/cluster/src/main.ts')).href);
    break;
  case 'faults':
    run(process.execPath, [
      '--import',
      'tsx',
      '--conditions=development',
      join(root, 'tests/faults/main.ts'),
      ...rest,
    ]);
    break;
  case 'bench':
    run(process.execPath, [
      '--import',
      'tsx',
      '--conditions=development',
      join(root, 'bench/src/main.ts'),
      ...rest,
    ]);
    break;
  default:
    fail(`Unknown task ${task}: start, build, test, cluster, faults, bench or seed.`);
}
