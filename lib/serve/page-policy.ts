// What a page of ours may do in a browser: run its own script, talk to this server, show pictures, and nothing else.
// Before it: a page as text. After it: its Content-Security-Policy. Scripts and styles are allowed by the digest of their text.
import { createHash } from 'node:crypto';

/** The header for a page whose scripts and styles stand in it. */
export function contentPolicy(html: string): string {
  return [
    "default-src 'none'",
    `script-src ${digests(html, 'script')}`,
    `style-src ${digests(html, 'style')}`,
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Of the OpenAPI document's page, whose scripts and styles are files of this server. Nothing of other sites, and plain HTTP stays. */
export const documentPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function digests(html: string, element: 'script' | 'style'): string {
  const texts = [...html.matchAll(new RegExp(`<${element}\\b[^>]*>([^]*?)</${element}>`, 'g'))].map(([, text]) => text!);
  const sources = texts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return sources.length > 0 ? sources.join(' ') : "'none'";
}

/** Headers for everything that is sent. */
export const safeHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;
