export { commonConfig } from './common-config.ts';
export { ConfigError, type ConfigProblem } from './config-error.ts';
export { type ConfigDefinition, defineConfig, type Env, type ParseOptions } from './define-config.ts';
export { fields, type IntegerOptions, type UrlOptions } from './fields.ts';
export { redacted } from './redacted.ts';
