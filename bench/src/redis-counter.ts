import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LINE = /^[\d.]+ \[\d+ (\S+)\] (.*)$/;
const QUOTED = /"((?:[^"\\]|\\.)*)"/g;

/** Commands of all services so far, those that scripts carry out among them; the routine of nodes is not. */
export interface RedisCounter extends AsyncDisposable {
  commands(): Promise<number>;
}

/** What this measurement itself asks of Redis. */
const OWN = ['info', 'hello', 'client', 'command', 'pubsub', 'config', 'echo'];

/**
 * What every node asks all the time in the cause of no event, told by its keys, so that the same command about anybody is counted: that it lives, calls whose time has come,
 * and readiness, in which the first user stands for all.
 */
function isRoutine(name: string, args: readonly string[]): boolean {
  const about = (ending: string) => args.some((arg) => arg.endsWith(ending));
  return (
    name === 'ping' ||
    (name === 'set' && args[0]?.startsWith('sb:{nodes}:') === true) ||
    (name === 'zrangebyscore' && about(':due')) ||
    (name === 'hvals' && about(':devices:1')) ||
    (name === 'smembers' && about(':rooms-of:1'))
  );
}

/** Redis itself tells of each command as it carries it out. */
export async function countRedis(url: string): Promise<RedisCounter> {
  const { port } = new URL(url);
  const child = spawn('redis-cli', ['-p', port, 'monitor'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let commands = 0;
  const marks = new Map<string, (commands: number) => void>();
  const lines = createInterface({ input: child.stdout });
  const listening = once(lines, 'line');
  lines.on('line', (line) => {
    const [, , text = ''] = LINE.exec(line) ?? [];
    const [name = '', ...args] = [...text.matchAll(QUOTED)].map(([, word = '']) => word);
    const command = name.toLowerCase();
    if (command === 'echo') marks.get(args[0] ?? '')?.(commands);
    else if (command !== '' && !OWN.includes(command) && !isRoutine(command, args)) commands += 1;
  });
  await listening;
  return {
    async commands() {
      const word = randomUUID();
      // Everything before it was carried out before.
      const counted = new Promise<number>((resolve) => marks.set(word, resolve));
      await run('redis-cli', ['-p', port, 'echo', word]);
      const count = await counted;
      marks.delete(word);
      return count;
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}
