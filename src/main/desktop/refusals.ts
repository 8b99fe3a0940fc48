/** What no page may do here: ask for permissions, navigate, open windows, embed a web view, download from elsewhere (Electron's security list, items 5, 12, 13, 14). */
import { app, type Session } from 'electron';

/** Copying text is the one permission that a button needs; reading the clipboard is not. */
const ALLOWED_PERMISSIONS: ReadonlySet<string> = new Set(['clipboard-sanitized-write']);

export function refusePermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, decide) => decide(ALLOWED_PERMISSIONS.has(permission)));
  session.setPermissionCheckHandler((_contents, permission) => ALLOWED_PERMISSIONS.has(permission));
  session.setDevicePermissionHandler(() => false);
  // A drawing that the page made is saved from a blob; nothing else is downloaded.
  session.on('will-download', (event, item) => {
    if (!item.getURL().startsWith('blob:')) event.preventDefault();
  });
}

/** For every contents that will ever exist, whatever creates it. Before the first window. Loading `pageUrl` itself again is a reload. */
export function refuseNavigation(pageUrl: string): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-frame-navigate', (event) => {
      if (!event.isMainFrame || event.url !== pageUrl) event.preventDefault();
    });
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}
