/**
 * The built page (out/renderer) as answers, for both hosts that serve it: Electron's own scheme and the loopback server. They send the same
 * headers, so that a page that works under one content security policy works under the other.
 */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

/**
 * Nothing from elsewhere, no inline script, no eval, no frame. `unsafe-inline` for styles: the component libraries set style elements; `data:` and `blob:`
 * images: a drawing saved as PNG or SVG.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

export interface PageAnswer {
  status: 200 | 404;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer>;
}

function notFound(): PageAnswer {
  return {
    status: 404,
    headers: { ...SECURITY_HEADERS, 'Content-Type': 'text/plain; charset=utf-8' },
    body: new TextEncoder().encode('not found\n'),
  };
}

/** The file below `folder` that a URL's path names; undefined where the path is malformed or leads out of the folder. */
function fileOf(folder: string, urlPath: string): string | undefined {
  let decoded;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return undefined;
  }
  // A backslash separates on Windows, a NUL ends a name in C, a colon starts a stream or a drive.
  if (/[\\\0:]/.test(decoded)) return undefined;
  const root = normalize(folder + sep);
  const file = join(root, decoded === '/' ? 'index.html' : decoded);
  return file.startsWith(root) && CONTENT_TYPES[extname(file)] !== undefined ? file : undefined;
}

/** Answers a GET. `urlPath` is the URL's path, still percent-encoded. Anything but a file of a known type below `folder` is 404. */
export async function readPageFile(folder: string, urlPath: string): Promise<PageAnswer> {
  const file = fileOf(folder, urlPath);
  if (file === undefined) return notFound();
  try {
    const body = new Uint8Array(await readFile(file));
    // Vite puts a hash of the content into the names below assets/; the page itself must be asked for again.
    const caching = urlPath.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-store';
    return { status: 200, headers: { ...SECURITY_HEADERS, 'Content-Type': CONTENT_TYPES[extname(file)] ?? '', 'Cache-Control': caching }, body };
  } catch {
    return notFound();
  }
}
