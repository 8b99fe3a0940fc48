/** What the page cannot do, whoever made it try: the same in both hosts. */
import { expect, test } from './harness/test.ts';

test.beforeEach(async ({ startPage }) => expect(startPage.heading).toBeVisible());

test('the page runs no script but its own and reaches no other place', async ({ host }) => {
  const refused = await host.page.evaluate(async () => {
    // The debugger's own call may eval; what runs after it, as the page, may not.
    await new Promise((resolve) => setTimeout(resolve));
    const outcome = async (attempt: () => unknown): Promise<string> => {
      try {
        await attempt();
        return 'allowed';
      } catch (error) {
        return (error as Error).name;
      }
    };
    const loaded = (tag: 'script' | 'img' | 'iframe', source: string): Promise<string> =>
      new Promise((resolve) => {
        const element = document.createElement(tag);
        document.addEventListener('securitypolicyviolation', ({ blockedURI }) => blockedURI.startsWith(source) && resolve('refused'), { once: true });
        element.addEventListener('load', () => resolve('loaded'));
        element.src = source;
        document.body.append(element);
      });
    return {
      eval: await outcome(() => window.eval('1')),
      function: await outcome(() => new Function('return 1')()),
      fetch: await outcome(() => fetch('https://example.com/')),
      socket: await outcome(
        () =>
          new Promise((resolve, reject) => {
            const socket = new WebSocket('wss://example.com/');
            socket.onopen = resolve;
            socket.onerror = () => reject(new Error('refused'));
          }),
      ),
      script: await loaded('script', 'https://example.com/x.js'),
      image: await loaded('img', 'https://example.com/x.png'),
      frame: await loaded('iframe', 'https://example.com'),
    };
  });
  expect(refused).toEqual({
    eval: 'EvalError',
    function: 'EvalError',
    fetch: 'TypeError',
    socket: 'Error',
    script: 'refused',
    image: 'refused',
    frame: 'refused',
  });
  expect(host.desktop?.standIn?.outsideRequests ?? []).toEqual([]);
  expect(host.complaints.splice(0).every((complaint) => /Content Security Policy|Fetch API cannot load|WebSocket/.test(complaint))).toBe(true);
});

test('nothing of Node or Electron is in the page', async ({ host }) => {
  const found = await host.page.evaluate(() =>
    ['require', 'process', 'module', 'Buffer', 'ipcRenderer', 'electron', 'global'].filter((name) => name in window),
  );
  expect(found).toEqual([]);
});

test('the address bar’s history holds no token', async ({ host }) => {
  expect(host.page.url()).not.toContain('token');
});
