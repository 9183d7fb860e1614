// The page at `/` as one document: the sources in page/ joined, so that nothing else is asked for. Before it: public-routes.
// After it: a browser. The scripts are modules, for the tests' sake; joined, they share one scope, so no name stands twice.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { contentPolicy } from './page-policy.js';

/** What needs nothing of others first; main last. */
const scripts = [
  'run-lengths',
  'results',
  'colours',
  'labels',
  'view',
  'mask-layer',
  'scene',
  'client',
  'state',
  'dom',
  'pictures',
  'bitmaps',
  'stage',
  'stage-input',
  'intake',
  'instance-list',
  'controls',
  'strip',
  'status',
  'downloads',
  'main',
];

export interface Page {
  html: string;
  /** Changes with the page. */
  etag: string;
  /** Allows the page's own script and style by their digests, and nothing else. */
  contentSecurityPolicy: string;
}

let made: Page | undefined;

export function page(): Page {
  return (made ??= makePage());
}

function makePage(): Page {
  const parts: Record<string, string> = { 'page.css': source('page.css'), 'main.js': scripts.map(joined).join('\n') };
  const html = source('index.html').replace(/\/\* (page\.css|main\.js) \*\//g, (_, name: string) => parts[name]!);
  const etag = `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`;
  return { html, etag, contentSecurityPolicy: contentPolicy(html) };
}

const source = (name: string) => readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');

const joined = (name: string) =>
  source(`${name}.js`)
    .replace(/^import [^;]*;\n/gm, '')
    .replace(/^export /gm, '');
