import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { notesOf } from './fields.ts';
import { rememberSecrets } from './redacted.ts';

export type Env = Readonly<Record<string, string | undefined>>;

export interface ParseOptions {
  /** Told of variables that look like ours and are not. Default: a process warning. */
  readonly warn?: (message: string) => void;
}

export interface ConfigDefinition<Shape extends z.ZodRawShape> {
  readonly schema: z.ZodObject<Shape>;
  /**
   * Reads the variables of the shape from `env`. `NAME_FILE` names a file that holds the value of NAME; an empty value counts as absent.
   * @throws ConfigError with every problem found.
   */
  parse(env: Env, options?: ParseOptions): Readonly<z.output<z.ZodObject<Shape>>>;
}

/** A service's settings as a record of variable name → field. */
export function defineConfig<const Shape extends z.ZodRawShape>(shape: Shape): ConfigDefinition<Shape> {
  const schema = z.object(shape);
  return {
    schema,
    parse(env, { warn = (message: string) => process.emitWarning(message, 'ConfigWarning') } = {}) {
      const problems: ConfigProblem[] = [];
      const raw: Record<string, string> = {};
      const known = new Set<string>();
      for (const [name, field] of Object.entries(shape)) {
        const names = [name, ...(notesOf(field).aliases ?? [])];
        for (const each of names) known.add(each).add(`${each}_FILE`);
        const value = lookUp(env, names, problems);
        if (value !== undefined) raw[name] = value;
      }
      for (const name of Object.keys(env)) {
        if (name.startsWith('SWITCHBOARD_') && !known.has(name))
          warn(`${name} is not a known setting; it is ignored`);
      }
      const unread = new Set(problems.map(({ variable }) => variable));
      const parsed = schema.safeParse(raw);
      for (const issue of parsed.error?.issues ?? []) {
        const variable = String(issue.path[0]);
        if (!unread.has(variable)) problems.push({ variable, problem: issue.message });
      }
      if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
      const secrets = Object.keys(shape).filter((name) => notesOf(shape[name] as z.core.$ZodType).secret);
      return Object.freeze(rememberSecrets(parsed.data, secrets));
    },
  };
}

function lookUp(env: Env, names: readonly string[], problems: ConfigProblem[]): string | undefined {
  const variable = names[0] ?? '';
  const given: { name: string; value: string }[] = [];
  for (const name of names) {
    const value = env[name];
    if (value !== undefined && value !== '') given.push({ name, value });
    const path = env[`${name}_FILE`];
    if (path === undefined || path === '') continue;
    try {
      given.push({ name: `${name}_FILE`, value: readFileSync(path, 'utf8').replace(/\r?\n$/, '') });
    } catch (err) {
      const code = err instanceof Error && 'code' in err ? String(err.code) : 'unreadable';
      problems.push({ variable, problem: `the file named by ${name}_FILE cannot be read (${code})` });
    }
  }
  const [first, second] = given;
  if (first && second && first.value !== second.value) {
    problems.push({ variable, problem: `is set twice, by ${first.name} and ${second.name}; keep one` });
  }
  return first?.value;
}
