export { type ErrorCode, SwitchboardError } from './errors.ts';
