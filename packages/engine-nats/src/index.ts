export { createNatsBus, type NatsBusOptions } from './nats-bus.ts';
export { PARTITIONS, STREAM_SUBJECTS } from './subjects.ts';
