import { describe, expect, it } from 'vitest';
import { createApiDocs } from '../create-api-docs.ts';
import { eventsPage } from './events-page.ts';
import { html, inline, prose } from './html.ts';

const HOSTILE = `"'><script>alert(1)</script>&`;

describe('html', () => {
  it('escapes every value, in text and in attributes', () => {
    expect(html`<a title="${HOSTILE}">${HOSTILE}</a>`.text).toBe(
      '<a title="&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;">&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;</a>',
    );
  });

  it('takes its own for what it is, joins lists, and leaves out what is not there', () => {
    expect(html`${[html`<i>${'<'}</i>`, '>']}${undefined}${false}${3}`.text).toBe('<i>&lt;</i>&gt;3');
  });

  it('takes backticks for code and blank lines for paragraphs', () => {
    expect(html`${prose('a `<b>` c')}`.text).toContain('<code>&lt;b&gt;</code>');
    expect(prose('a\n\nb')).toHaveLength(2);
    expect(html`${inline('no code')}`.text).toBe('no code');
  });
});

describe('the page of the events', () => {
  it('shows every event of the document', () => {
    const { asyncapi } = createApiDocs();
    const page = eventsPage(asyncapi, (file) => `/${file}`);
    for (const id of Object.keys(asyncapi.operations as object)) expect(page).toContain(`id="${id}"`);
  });

  it('lets nothing through, wherever it stands in the document', () => {
    const payload = {
      type: 'object',
      properties: { [HOSTILE]: { type: HOSTILE, description: HOSTILE, pattern: HOSTILE, default: HOSTILE } },
      anyOf: [{ const: HOSTILE }, { enum: [HOSTILE] }, { $ref: `#/components/schemas/${HOSTILE}` }],
    };
    const message = { name: HOSTILE, payload };
    const page = eventsPage(
      {
        info: { description: HOSTILE },
        servers: { a: { protocol: HOSTILE, description: HOSTILE } },
        channels: {
          x: {
            address: HOSTILE,
            description: HOSTILE,
            servers: [{ $ref: '#/servers/a' }],
            messages: { m: message },
          },
          [HOSTILE]: {},
        },
        operations: {
          [HOSTILE]: {
            action: 'receive',
            title: HOSTILE,
            summary: HOSTILE,
            description: HOSTILE,
            channel: { $ref: '#/channels/x' },
            messages: [{ $ref: '#/channels/x/messages/m' }],
            reply: { messages: [{ $ref: '#/channels/x/messages/m' }] },
          },
        },
        components: { schemas: { [HOSTILE]: payload } },
      },
      (file) => `/${file}`,
    );
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toContain('<script');
    expect(page).not.toContain('"\'>');
  });
});
