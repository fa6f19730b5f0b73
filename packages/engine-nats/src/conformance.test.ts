import { busConformance } from '@switchboard/ports/conformance';
import { describe } from 'vitest';
import { createNatsBus } from './index.ts';
import { startTestNats } from './testing/test-nats.ts';

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS)('on a real server', { retry: 0 }, () => {
  busConformance('nats', async () => {
    const server = await startTestNats();
    const buses: Awaited<ReturnType<typeof createNatsBus>>[] = [];
    return {
      async connect() {
        const bus = await createNatsBus({ url: server.url, name: 'test', replicas: 1 });
        buses.push(bus);
        return bus;
      },
      async dispose() {
        await Promise.all(buses.map((bus) => bus.close()));
        await server[Symbol.asyncDispose]();
      },
    };
  });
});
