import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { until } from '../harness/event-log.ts';

const run = promisify(execFile);

/** One command that a client sent to Redis; what scripts do inside is not among them. */
export interface RedisCommand {
  /** In lower case. */
  readonly name: string;
  readonly args: readonly string[];
}

export interface RedisMonitor extends AsyncDisposable {
  /** Every command that Redis took while the work was done. */
  during(work: () => Promise<unknown>): Promise<readonly RedisCommand[]>;
}

const LINE = /^[\d.]+ \[\d+ (\S+)\] (.*)$/;
const QUOTED = /"((?:[^"\\]|\\.)*)"/g;

/** Redis itself tells of each command, in the order in which it carried them out. */
export async function monitorRedis(url: string): Promise<RedisMonitor> {
  const { port } = new URL(url);
  const child = spawn('redis-cli', ['-p', port, 'monitor'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const seen: RedisCommand[] = [];
  let listening = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'OK') listening = true;
    const [, client, text = ''] = LINE.exec(line) ?? [];
    if (client === undefined || client === 'lua') return;
    const [name = '', ...args] = [...text.matchAll(QUOTED)].map(([, word = '']) => word);
    seen.push({ name: name.toLowerCase(), args });
  });
  await until('redis-cli monitors', () => listening, 20_000);

  /** How much was seen when a command of ours came by: everything before it was carried out before. */
  const mark = async (): Promise<number> => {
    const word = randomUUID();
    await run('redis-cli', ['-p', port, 'echo', word]);
    const isIt = ({ name, args }: RedisCommand) => name === 'echo' && args[0] === word;
    await until('the mark came by', () => seen.some(isIt), 20_000);
    return seen.findIndex(isIt);
  };

  return {
    async during(work) {
      const from = await mark();
      await work();
      const to = await mark();
      // What redis-cli says by way of greeting is no service's.
      return seen.slice(from + 1, to).filter(({ name }) => !['command', 'hello', 'echo'].includes(name));
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}
