import { guarded, type RedisClient } from './connect.ts';

/** A Lua script on the server: atomic, all its keys in one slot. */
export type Script = (
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<string | number | (string | number)[] | null>;

/** Sent by its hash; the client library sends the text where the server does not know it yet. */
export function createScript(client: RedisClient, name: string, numberOfKeys: number, lua: string): Script {
  client.defineCommand(name, { numberOfKeys, lua });
  const commands = client as unknown as Record<string, (...args: unknown[]) => ReturnType<Script>>;
  return (keys, args) => {
    const run = commands[name];
    if (!run) throw new Error(`the script ${name} is not defined`);
    return guarded(run.call(client, ...keys, ...args));
  };
}
