import { isObject } from '../json.ts';
import { type Html, html, inline } from './html.ts';

/** A payload for people: its type, and the fields of objects in it as a table. */
export function schemaView(schema: unknown): Html {
  const fields = fieldRows(schema, []);
  return html`<p class="type">${typeOf(schema)}${notes(schema)}</p>${
    fields.length > 0 &&
    html`<table><thead><tr><th>field</th><th>type</th><th></th></tr></thead><tbody>${fields}</tbody></table>`
  }<details class="raw"><summary>JSON Schema</summary><pre>${JSON.stringify(schema, null, 2)}</pre></details>`;
}

/** A name of a shared schema as the fragment of its place on the page. */
export function shapeId(name: string): string {
  return `shape-${name}`;
}

function fieldRows(schema: unknown, path: readonly string[]): readonly Html[] {
  if (!isObject(schema)) return [];
  const alternatives = ['anyOf', 'oneOf'].flatMap((word) => listed(schema[word]));
  const required = listed(schema.required);
  const own = Object.entries(isObject(schema.properties) ? schema.properties : {}).flatMap(
    ([name, field]) => [
      html`<tr><td><code>${[...path, name].join('.')}</code>${
        required.includes(name) ? '' : html` <span class="optional">optional</span>`
      }</td><td>${typeOf(field)}</td><td>${notes(field)}</td></tr>`,
      ...fieldRows(field, [...path, name]),
    ],
  );
  const inner = path.length === 0 ? [] : [...path.slice(0, -1), `${path.at(-1)}[]`];
  return [
    ...own,
    ...fieldRows(schema.items, inner),
    ...listed(schema.allOf).flatMap((part) => fieldRows(part, path)),
    ...separated(
      alternatives.map((alternative) => fieldRows(alternative, path)).filter((rows) => rows.length > 0),
      html`<tr><td colspan="3" class="or">or</td></tr>`,
    ).flat(),
  ];
}

function typeOf(schema: unknown): unknown {
  if (!isObject(schema)) return schema === false ? 'nothing' : 'anything';
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return html`<a href="#${shapeId(name)}">${name}</a>`;
  }
  const either = listed(schema.anyOf ?? schema.oneOf);
  if (either.length > 0) return separated(either.map(typeOf), ' or ');
  const all = listed(schema.allOf);
  if (all.length > 0) return separated(all.map(typeOf), ' and ');
  if ('const' in schema) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (Array.isArray(schema.enum)) {
    return separated(
      schema.enum.map((word) => html`<code>${JSON.stringify(word)}</code>`),
      ' | ',
    );
  }
  if (Array.isArray(schema.items)) return html`[${separated(schema.items.map(typeOf), ', ')}]`;
  if (schema.type === 'array') return html`list of ${typeOf(schema.items)}`;
  if (schema.type === undefined) return 'anything';
  const words = Array.isArray(schema.type) ? separated(schema.type, ' or ') : [schema.type];
  return [...words, typeof schema.format === 'string' && ` (${schema.format})`];
}

const LIMITS = ['default', 'minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'minItems'];

function notes(schema: unknown): unknown {
  if (!isObject(schema)) return undefined;
  const said = [...LIMITS, 'maxItems', 'pattern']
    .filter((word) => schema[word] !== undefined)
    .map((word) => html`<span class="limit">${word} <code>${JSON.stringify(schema[word])}</code></span> `);
  return [typeof schema.description === 'string' && inline(schema.description), ...said];
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function separated<T, S>(parts: readonly T[], separator: S): readonly (T | S)[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [separator, part]));
}
