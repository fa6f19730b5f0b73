import type { Child, Cluster, ServiceNode } from '@switchboard/deploy-cluster';
import { Ground } from './ground.ts';

/** A process that does what it is told at once. */
function child(name: string): ServiceNode {
  let running = true;
  return {
    name,
    pid: 0,
    url: '',
    get running() {
      return running;
    },
    output: () => '',
    async signal(signal) {
      running &&= !['SIGKILL', 'SIGTERM'].includes(signal);
    },
    async restart() {
      running = true;
    },
    ready: async () => {},
    stop: async () => 0,
  };
}

/** A cluster of such processes, at a time that the test tells. */
export function fakeGround() {
  const parts = {
    gateway: child('gateway'),
    auth: [child('auth-1')],
    chat: [child('chat-1'), child('chat-2')],
    notification: [child('notification-1')],
    signaling: [child('call-signaling-1')],
    nats: [child('nats-1'), child('nats-2'), child('nats-3')],
    redis: [child('redis-1')],
    database: child('database'),
  };
  const all: Child[] = Object.values(parts).flat();
  const cluster: Cluster = {
    ...parts,
    all,
    url: '',
    entrances: [],
    natsMonitors: [],
    natsUrl: () => '',
    redisUrl: '',
    mongoUrl: '',
    logFile: '',
    [Symbol.asyncDispose]: async () => {},
  };
  let time = 0;
  return {
    ground: new Ground(cluster, () => time),
    ...parts,
    at: (now: number) => {
      time = now;
    },
  };
}
