import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const LATENCY_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface HttpObservation {
  readonly method: string;
  /** The route's pattern, never the path asked for: ids would make a series each. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** One service's measurements, in a registry of its own so that several fit in one process. Asking twice for a name gives the same metric. */
export interface Metrics {
  readonly registry: Registry;
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
  /** A gauge whose value is read whenever the metrics are. */
  observed(name: string, help: string, read: () => number): void;
  histogram(
    name: string,
    help: string,
    labelNames?: readonly string[],
    buckets?: readonly number[],
  ): Histogram;
  http(observation: HttpObservation): void;
  /** The exposition text and its content type. */
  expose(): Promise<{ contentType: string; text: string }>;
}

export function createMetrics({ service }: { readonly service: string }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to the end of its reply',
    labelNames: ['method', 'route', 'status'],
    buckets: LATENCY_BUCKETS,
    registers: [registry],
  });

  /** Names are a programmer's constants: one name with two kinds is a mistake worth hearing of. */
  const known = <M extends Counter | Gauge | Histogram>(
    name: string,
    kind: abstract new (...args: never[]) => M,
  ): M | undefined => {
    const metric = registry.getSingleMetric(name);
    if (metric === undefined || metric instanceof kind) return metric;
    throw new TypeError(`metric ${name} exists with another kind`);
  };

  return {
    registry,
    counter: (name, help, labelNames = []) =>
      known(name, Counter) ?? new Counter({ name, help, labelNames, registers: [registry] }),
    gauge: (name, help, labelNames = []) =>
      known(name, Gauge) ?? new Gauge({ name, help, labelNames, registers: [registry] }),
    observed(name, help, read) {
      registry.registerMetric(
        new Gauge({
          name,
          help,
          registers: [],
          collect() {
            this.set(read());
          },
        }),
      );
    },
    histogram: (name, help, labelNames = [], buckets = LATENCY_BUCKETS) =>
      known(name, Histogram) ??
      new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [registry] }),
    http({ method, route, status, seconds }) {
      requests.observe({ method, route, status: String(status) }, seconds);
    },
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
