export { type ClusterSettings, connectEngines, type Engines } from './engines.ts';
export { connectLiveState, type LiveState } from './live-state.ts';
export { runServiceProcess, type ServiceProcess } from './run-service-process.ts';
