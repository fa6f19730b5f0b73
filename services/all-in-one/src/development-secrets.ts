import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '@switchboard/service-kit/config';
import { z } from 'zod';

const Secrets = z.object({ JWT_SECRET: z.string().min(43) });

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A signing secret of this installation's own, made at the first start and kept in DATA_DIR, readable by its owner alone; so a newcomer need
 * not think of one and tokens outlive restarts. Production must bring its own.
 */
export function withDevelopmentSecrets(env: Environment): Environment {
  if (env.JWT_SECRET || env.JWT_SECRET_FILE) return env;
  if (env.NODE_ENV === 'production') {
    throw new ConfigError([
      'JWT_SECRET is missing: with NODE_ENV=production it must be set, to at least 32 random bytes (openssl rand -base64 48)',
    ]);
  }
  const folder = env.DATA_DIR || './data';
  const file = join(folder, 'development-secrets.json');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file)) {
    const made = JSON.stringify({ JWT_SECRET: randomBytes(48).toString('base64url') });
    // Written whole or not at all: a torn file would lock everybody out at the next start.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, made, { mode: 0o600 });
    renameSync(draft, file);
  }
  chmodSync(file, 0o600);
  const read = Secrets.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (!read.success) throw new ConfigError([`${file} is damaged: delete it to have new secrets made`]);
  return { ...env, ...read.data };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
