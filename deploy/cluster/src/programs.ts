import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program → the Debian package that has it. */
const NEEDED: Readonly<Record<string, string>> = {
  'nats-server': 'nats-server',
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  haproxy: 'haproxy',
};

/** @throws Error naming what is missing and how it is installed. */
export function assertPrograms(path: string = process.env.PATH ?? ''): void {
  const missing = Object.keys(NEEDED).filter((name) => !isOn(path, name));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => NEEDED[name]))].join(' ');
  throw new Error(
    `The cluster needs ${missing.join(', ')} on the PATH, and cannot do without. On Debian: apt-get install ${packages}`,
  );
}

function isOn(path: string, name: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
