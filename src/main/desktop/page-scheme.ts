/**
 * The page comes from a scheme of our own, app://workbench/, not from file:// (Electron's security list, item 18): it has an origin that can be
 * checked, and it can reach nothing but the built page.
 */
import { app, protocol, type Session } from 'electron';
import { readPageFile } from '#workbench/page-files.ts';

const SCHEME = 'app';
const HOST = 'workbench';
export const PAGE_URL = `${SCHEME}://${HOST}/`;

/** Before the app is ready. */
export function declarePageScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } }]);
  app.enableSandbox();
}

/** After the app is ready. `folder` is out/renderer. */
export function servePage(session: Session, folder: string): void {
  session.protocol.handle(SCHEME, async (request) => {
    const url = new URL(request.url);
    if (request.method !== 'GET' || url.host !== HOST) return new Response('not found\n', { status: 404 });
    const { status, headers, body } = await readPageFile(folder, url.pathname);
    return new Response(body, { status, headers });
  });
}

/** `pageUrl` is PAGE_URL, or the development server's. A frame that was navigated away or removed has another URL or none. */
export function isPage(url: string | undefined, pageUrl: string): boolean {
  if (url === undefined || !URL.canParse(url)) return false;
  const [found, ours] = [new URL(url), new URL(pageUrl)];
  // Not `origin`, which is "null" for a scheme that URL does not know.
  return found.protocol === ours.protocol && found.host === ours.host && found.username === '';
}
