import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A page in Markdown, and what tests look for in one. */
export interface Page {
  /** Without the ending: `peer`. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

export const repository = fileURLToPath(new URL('../../', import.meta.url));
const clients = `${repository}docs/clients/`;

export function readPage(path: string): Page {
  return { name: basename(path, '.md'), path, text: readFileSync(path, 'utf8') };
}

/** The overview and one page a vocabulary. */
export function clientPages(): readonly Page[] {
  return readdirSync(clients)
    .filter((file) => file.endsWith('.md'))
    .map((file) => readPage(`${clients}${file}`));
}

/** The code of the fence that stands behind `<!-- mark -->`; undefined without one. */
export function fenceAfter({ text }: Page, mark: string): string | undefined {
  return new RegExp(`<!-- ${mark} -->\\n+\`\`\`\\w*\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];
}

export interface ShownRefusal {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
  /** As shown. */
  readonly reply: unknown;
}

/** Fences behind `<!-- refused: METHOD path status body -->`, where the body may be absent. */
export function refusals({ text }: Page): ShownRefusal[] {
  const mark = /<!-- refused: ([A-Z]+) (\S+) (\d+)(?: (.*))? -->\n+```json\n([\s\S]*?)```/g;
  return [...text.matchAll(mark)].map(([, method = '', path = '', status, body, reply = '']) => ({
    method,
    path,
    status: Number(status),
    body: body === undefined ? undefined : JSON.parse(body),
    reply: JSON.parse(reply),
  }));
}

/** What is fenced, whatever it is. */
export function fences({ text }: Page): string[] {
  return [...text.matchAll(FENCE)].map(([, code = '']) => code);
}

/** What stands in backquotes outside of fences. */
export function spans(page: Page): string[] {
  return [...withoutFences(page).matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll('\\|', '|'));
}

/** Where links lead, as written. */
export function links(page: Page): string[] {
  return [...withoutFences(page).matchAll(/\]\(([^)\s]+)\)|<(https?:[^>\s]+)>/g)].map(
    ([, bracketed, bare]) => bracketed ?? bare ?? '',
  );
}

/** What a link within a page may point at, as GitHub names headings. */
export function anchors(page: Page): string[] {
  return [...withoutFences(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

const FENCE = /^```\w*\n([\s\S]*?)^```/gm;

function withoutFences({ text }: Page): string {
  return text.replace(FENCE, '');
}
