export { type Child, type ChildSpec, startChild } from './child.ts';
export { freePort, type PortWish, withFreePorts } from './free-port.ts';
export { accepts, answers, replies } from './probes.ts';
export { together } from './together.ts';
