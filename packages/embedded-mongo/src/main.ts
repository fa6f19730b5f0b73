import { startEmbeddedMongo } from './start.ts';

/** The database as a process of its own. Prints `{"url": ...}` on a line when ready; SIGTERM or SIGINT stops it. */
async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const database = await startEmbeddedMongo({
    dataDir: env.DATA_DIR ?? './data',
    port: parsePort(env.PORT),
    host: env.HOST ?? '127.0.0.1',
    log: jsonLog(),
  });
  const stop = (): void => {
    void database[Symbol.asyncDispose]();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  void database.ended.then((failure) => {
    if (failure !== undefined) process.exitCode = 1;
  });
  process.stdout.write(`${JSON.stringify({ url: database.url })}\n`);
}

function parsePort(text: string | undefined): number {
  const port = text === undefined || text === '' ? 0 : Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error('PORT must be a number from 0 to 65535');
  return port;
}

function jsonLog() {
  const write = (level: string) => (fields: object, message: string) => {
    process.stderr.write(`${JSON.stringify({ level, time: Date.now(), ...fields, message })}\n`);
  };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

try {
  await main(process.env);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
