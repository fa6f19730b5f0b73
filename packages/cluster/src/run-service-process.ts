import { randomUUID } from 'node:crypto';
import { NodeId, SwitchboardError } from '@switchboard/protocol';
import {
  ConfigError,
  createLogger,
  createMetrics,
  createOwner,
  type Env,
  type HealthCheck,
  type Runnable,
  runService,
} from '@switchboard/service-kit';
import { type ClusterSettings, connectEngines, type Engines } from './engines.ts';

export interface ServiceProcess<Config extends ClusterSettings> {
  /** As logs and metrics call it. */
  readonly name: string;
  readonly config: { parse(env: Env): Config };
  start(config: Config, engines: Engines, checks: readonly HealthCheck[]): Promise<Runnable>;
}

/** One service of a cluster as this process: configuration, engines, the service, and an orderly end. */
export async function runServiceProcess<
  Config extends ClusterSettings & { LOG_LEVEL: string; DRAIN_DELAY: number },
>(service: ServiceProcess<Config>): Promise<void> {
  const nodeId = NodeId.parse(`${service.name}-${randomUUID().slice(0, 8)}`);
  const bootLogger = createLogger({ level: 'info', service: service.name, nodeId });
  await runService(
    async ({ readiness }) => {
      const config = service.config.parse(process.env);
      const logger = createLogger({ level: config.LOG_LEVEL as 'info', service: service.name, nodeId });
      const metrics = createMetrics({ service: service.name });
      const owner = createOwner();
      try {
        const engines = await connectEngines(config, { nodeId, logger, metrics }, owner);
        const running = await service.start(config, engines, [readiness, ...engines.checks]);
        owner.own(running);
        return {
          async drain(withinMs) {
            // Readiness fails by now. Whoever is sent here until that is noticed is still served.
            const noticeMs = Math.min(config.DRAIN_DELAY, withinMs / 2);
            await new Promise<void>((resolve) => void setTimeout(resolve, noticeMs));
            await running.drain?.(withinMs - noticeMs);
          },
          [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
        };
      } catch (error) {
        await owner[Symbol.asyncDispose]();
        // A server that went away between connecting and starting, or will not do what a service needs of it: a stack says nothing of that.
        if (error instanceof SwitchboardError && error.code === 'SERVICE_UNAVAILABLE') {
          throw new ConfigError([error.retryable ? explain(error) : error.message]);
        }
        throw error;
      }
    },
    { logger: bootLogger },
  );
}

function explain(error: SwitchboardError): string {
  return `${error.message} while starting: check that the servers which MONGO_URL, REDIS_URL and NATS_URL name run and let this service in`;
}
