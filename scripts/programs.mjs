// The servers that tests and the cluster run for real. On Debian as root what is missing is installed; elsewhere its absence is said loudly.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program → the Debian package that has it. */
const packages = {
  'nats-server': 'nats-server',
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  haproxy: 'haproxy',
  turnserver: 'coturn',
};

function isThere(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const missingNow = () => Object.keys(packages).filter((name) => !isThere(name));

export function howToInstall(missing) {
  return `On Debian: apt-get install ${[...new Set(missing.map((name) => packages[name]))].join(' ')}`;
}

/** Installs what is missing where that is possible, and returns what is missing then. */
export function ensurePrograms() {
  const missing = missingNow();
  const root = process.getuid?.() === 0 && isThere('apt-get');
  if (missing.length === 0 || !root) return missing;
  process.stdout.write(`Installing ${missing.join(', ')} from Debian's packages\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  apt('update');
  // Only the programs: no server of the system is to be started, now or at its next boot.
  apt('install', '-y', '--no-install-recommends', ...new Set(missing.map((name) => packages[name])));
  return missingNow();
}
