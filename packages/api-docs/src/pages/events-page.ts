import { isObject, type JsonObject } from '../json.ts';
import { type Html, html, inline, prose } from './html.ts';
import { page } from './page.ts';
import { schemaView, shapeId } from './schema-view.ts';

/** An AsyncAPI 3.0 document for people, drawn here and now: the page needs no script. */
export function eventsPage(document: JsonObject, asset: (file: string) => string): string {
  const channels = entries(document.channels);
  const operations = entries(document.operations);
  const { schemas } = objectIn(document.components);
  return page({
    title: 'Switchboard: events',
    asset,
    styles: ['docs.css'],
    current: 'events',
    body: html`<main>
<h1>Events</h1>
${prose(objectIn(document.info).description)}
<ul class="contents">${channels.map(
      ([name, channel]) => html`<li><a href="#${name}">${name}</a> ${inline(channel.description)}</li>`,
    )}</ul>
${entries(document.servers).map(
  ([name, server]) =>
    html`<section id="server-${name}"><h2>${server.protocol}</h2>${prose(server.description)}</section>`,
)}
${channels.map(([name, channel]) => channelSection(document, name, channel, operations))}
<section id="shapes"><h2>Shared shapes</h2>
${entries(schemas).map(
  ([name, schema]) =>
    html`<details class="shape" id="${shapeId(name)}" open><summary><code>${name}</code></summary>${schemaView(schema)}</details>`,
)}</section>
</main>`,
  });
}

type Entry = readonly [name: string, value: JsonObject];

function channelSection(
  document: JsonObject,
  name: string,
  channel: JsonObject,
  operations: readonly Entry[],
): Html {
  const here = `#/channels/${name}`;
  const events = (action: string): readonly Html[] =>
    operations
      .filter(([, operation]) => objectIn(operation.channel).$ref === here && operation.action === action)
      .map((entry) => eventView(document, entry));
  const [server] = refs(channel.servers);
  const heard = events('receive');
  return html`<section id="${name}"><h2>${name}</h2>${prose(channel.description)}
<p>${objectIn(resolved(document, server)).protocol} at <code>${channel.address}</code></p>
${heard.length > 0 && html`<h3>Clients send</h3>${heard}`}
<h3>Clients are sent</h3>${events('send')}</section>
`;
}

function eventView(document: JsonObject, [id, operation]: Entry): Html {
  const payloads = (messages: unknown) =>
    refs(messages).map((ref) => schemaView(objectIn(resolved(document, ref)).payload));
  const { reply } = operation;
  return html`<details class="event" id="${id}"><summary><code>${operation.title}</code> ${inline(operation.summary)}</summary>
${prose(operation.description)}${payloads(operation.messages)}${
  isObject(reply) && html`<h4>Ack</h4>${payloads(reply.messages)}`
}</details>
`;
}

function refs(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.map((entry) => String(objectIn(entry).$ref)) : [];
}

/** What a pointer of ours, such as `#/channels/peer`, points to. Its parts need no unescaping. */
function resolved(document: JsonObject, pointer: string | undefined): unknown {
  const path = pointer?.split('/').slice(1) ?? [];
  return path.reduce<unknown>((at, key) => objectIn(at)[key], document);
}

function objectIn(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function entries(value: unknown): readonly Entry[] {
  return Object.entries(objectIn(value)).map(([name, entry]) => [name, objectIn(entry)]);
}
