import { type Request, type Response, Router } from 'express';
import type { Metrics } from '../metrics.ts';
import type { HealthCheck } from '../service.ts';

const CHECK_MS = 1_000;
/** A load balancer that waits longer takes the process for frozen, and cuts its connections. */
const PROMPT_MS = 300;

interface Outcome {
  readonly name: string;
  readonly up: boolean;
  readonly ms: number;
}

/** Operators' routes: is the process alive, is it fit for traffic, what is wrong, what does it measure. Names only; reasons are in the log. */
export function healthRoutes(checks: readonly HealthCheck[], metrics: Metrics): Router {
  const startedAt = Date.now();
  let running: Promise<Outcome[]> | undefined;
  let last: readonly Outcome[] | undefined;
  /** Askers share a round, so that asking often costs the dependencies nothing. */
  const round = (): Promise<Outcome[]> => {
    running ??= Promise.all(checks.map(ask))
      .then((outcomes) => {
        last = outcomes;
        return outcomes;
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  /** As the last round found, while this one takes long: a dependency that hangs is not a process that does. */
  const promptly = async (): Promise<readonly Outcome[]> => {
    const known = last;
    const asking = round();
    if (!known) return asking;
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<readonly Outcome[]>((resolve) => {
      timer = setTimeout(() => resolve(known), PROMPT_MS);
    });
    return Promise.race([asking, enough]).finally(() => clearTimeout(timer));
  };

  const router = Router({ strict: true, caseSensitive: true });
  const uncached = (response: Response): Response => response.set('Cache-Control', 'no-store');

  router.get('/livez', (_request: Request, response: Response) => {
    uncached(response).json({ status: 'ok' });
  });
  router.get('/readyz', async (request: Request, response: Response) => {
    // For load balancers that tell "nothing new, but what is there may stay" (404) from "gone" (anything else, or no answer).
    const mayStay = request.query.unready === '404';
    const ready = (await (mayStay ? promptly() : round())).every(({ up }) => up);
    uncached(response)
      .status(ready ? 200 : mayStay ? 404 : 503)
      .json({ status: ready ? 'ok' : 'unavailable' });
  });
  router.get('/health', async (_request: Request, response: Response) => {
    const outcomes = await round();
    const ready = outcomes.every(({ up }) => up);
    const seen = outcomes.map(({ name, up, ms }) => [name, { status: up ? 'ok' : 'unavailable', ms }]);
    uncached(response)
      .status(ready ? 200 : 503)
      .json({
        status: ready ? 'ok' : 'degraded',
        uptimeSeconds: Math.round((Date.now() - startedAt) / 1000),
        checks: Object.fromEntries(seen),
      });
  });
  router.get('/metrics', async (_request: Request, response: Response) => {
    const { contentType, text } = await metrics.expose();
    uncached(response).set('Content-Type', contentType).send(text);
  });
  return router;
}

async function ask(dependency: HealthCheck): Promise<Outcome> {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error('timed out')), CHECK_MS);
  });
  const up = await Promise.race([dependency.check().then(() => true), late]).catch(() => false);
  clearTimeout(timer);
  return { name: dependency.name, up, ms: Math.round(performance.now() - startedAt) };
}
