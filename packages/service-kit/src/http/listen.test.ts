import { describe, expect, it } from 'vitest';
import { listen } from './listen.ts';

describe('listen', () => {
  it('names the remedy for a taken port', async () => {
    const holder = await listen(() => undefined, { host: '127.0.0.1', port: 0 });
    const { port } = new URL(holder.url);
    await expect(listen(() => undefined, { host: '127.0.0.1', port: Number(port) })).rejects.toThrow(
      'set PORT',
    );
    await holder.close();
  });

  it('lets a request in hand finish and takes no new one', async () => {
    let finish: () => void = () => undefined;
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const other = await listen(
      (_request, response) => {
        finish = () => response.end('done');
        arrive();
      },
      { host: '127.0.0.1', port: 0 },
    );
    const reply = fetch(other.url).then((response) => response.text());
    await arrived;
    const closing = other.close();
    await expect(fetch(other.url)).rejects.toThrow();
    finish();
    expect(await reply).toBe('done');
    await closing;
  });

  it('cuts what does not finish', async () => {
    const arrived = { yes: (): void => undefined };
    const inHand = new Promise<void>((resolve) => {
      arrived.yes = resolve;
    });
    const other = await listen(() => arrived.yes(), { host: '127.0.0.1', port: 0 });
    const reply = fetch(other.url).then(
      () => 'answered',
      () => 'cut',
    );
    await inHand;
    await other.close(20);
    expect(await reply).toBe('cut');
  });

  it('shows the server before anybody can connect', async () => {
    let listening: boolean | undefined;
    const other = await listen(() => undefined, {
      host: '127.0.0.1',
      port: 0,
      attach: (server) => {
        listening = server.listening;
      },
    });
    expect(listening).toBe(false);
    await other.close();
  });
});
