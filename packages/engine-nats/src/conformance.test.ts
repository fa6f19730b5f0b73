import { busConformance } from '@switchboard/ports/conformance';
import { createNatsBus } from './index.ts';
import { startTestNats } from './testing/test-nats.ts';

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
