/**
 * The screen's half: starts the app's process and plays its window as a page in a Chromium context. electron.ts tells what is faithful and what not.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Frame, Page, Route } from '@playwright/test';
import type { QuestionName, ScreenQuestions, ToScreen } from './link.ts';
import { preloadScript, type ScreenWindow } from './page-shim.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const REGISTER = new URL('./register.ts', import.meta.url).href;
const MAIN = fileURLToPath(new URL('../../../out/main/index.js', import.meta.url));
const NODE = fileURLToPath(new URL('../../../node_modules/node/bin/node', import.meta.url));
/** Any name below localhost is a secure context; every request to it is answered by the app. */
const PAGE_HOST = 'app-workbench.localhost';

const toApp = (url: string): string => url.replace(`http://${PAGE_HOST}/`, 'app://workbench/');
const toPage = (url: string): string => url.replace('app://workbench/', `http://${PAGE_HOST}/`);

/** Electron's names of permissions, and Playwright's. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  'clipboard-sanitized-write': 'clipboard-write',
  'clipboard-read': 'clipboard-read',
  geolocation: 'geolocation',
  notifications: 'notifications',
};

export interface StandInOptions {
  userData: string;
  files?: readonly string[];
}

export class StandInApp {
  readonly #child: ChildProcess;
  readonly #context: BrowserContext;
  readonly #pages = new Map<number, Page>();
  readonly #answers = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #nextQuestion = 1;
  #firstPage = Promise.withResolvers<Page>();
  /** What loadURL asked for: not a navigation of the page's own. */
  #loading = new Set<string>();
  /** What the app printed on standard error. */
  errors = '';
  /** Requests that the page tried to send elsewhere. There must be none. */
  readonly outsideRequests: string[] = [];
  readonly exited: Promise<number>;

  constructor(context: BrowserContext, { userData, files = [] }: StandInOptions) {
    this.#context = context;
    const parameters = [`--user-data-dir=${userData}`, '--', ...files];
    // Node puts MAIN where Electron's command line has the app's folder.
    this.#child = fork(MAIN, parameters, {
      cwd: ROOT,
      execPath: NODE,
      execArgv: ['--import', REGISTER],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.exited = once(this.#child, 'exit').then(([code]) => {
      const gone = new Error(`the app ended with ${code}: ${this.errors}`);
      for (const { reject } of this.#answers.values()) reject(gone);
      this.#answers.clear();
      this.#firstPage.reject(gone);
      return Number(code ?? -1);
    });
    this.#firstPage.promise.catch(() => undefined);
    this.#child.on('message', (message: ToScreen) => void this.#receive(message).catch((error: unknown) => this.#firstPage.reject(error)));
  }

  /** The app's first window, when its page has loaded. */
  firstPage(): Promise<Page> {
    return this.#firstPage.promise;
  }

  ask<Name extends QuestionName>(question: Name, ask: ScreenQuestions[Name]['ask']): Promise<ScreenQuestions[Name]['answer']> {
    const id = this.#nextQuestion++;
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error(`the app has ended: ${this.errors}`));
      this.#answers.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.send({ question, id, ask });
    });
  }

  /** Chromium keeps the path of a dropped file to itself: what webUtils.getPathForFile will say of a file of this name. */
  async tellPath(page: Page, path: string): Promise<void> {
    await page.evaluate(([name, where]) => ((window as unknown as ScreenWindow).__pathsOfDrops[name] = where), [basename(path), path] as const);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #receive(message: ToScreen): Promise<void> {
    if ('answerTo' in message) {
      const waiting = this.#answers.get(message.answerTo);
      this.#answers.delete(message.answerTo);
      if ('error' in message) waiting?.reject(new Error(message.error));
      else waiting?.resolve(message.value);
      return;
    }
    const { windowId } = message;
    if (message.command === 'open-window') return this.#open(windowId, message.preload);
    // Its page may still be opening.
    while (!this.#pages.has(windowId)) await new Promise((resolve) => setTimeout(resolve, 5));
    const page = this.#pages.get(windowId) as Page;
    if (message.command === 'close-window') return page.close();
    if (message.command === 'load') {
      this.#loading.add(toPage(message.url));
      await page.goto(toPage(message.url));
      this.#firstPage.resolve(page);
      return;
    }
    await page
      .evaluate(([channel, argument]) => (window as unknown as ScreenWindow).__fromApp(channel, argument), [
        message.channel,
        message.argument,
      ] as const)
      // A page that is being left hears nothing, as in Electron.
      .catch(() => undefined);
  }

  async #open(windowId: number, preload: string): Promise<void> {
    const page = await this.#context.newPage();
    const frameFacts = (frame: Frame) => ({ url: toApp(frame.url()), isMainFrame: frame.parentFrame() === null });
    await page.exposeBinding('__appInvoke', ({ frame }, channel: string, argument: unknown) =>
      this.ask('invoke', { windowId, channel, argument, frame: frameFacts(frame) }).then(
        (value) => ({ value }),
        (error: unknown) => ({ error: String(error) }),
      ),
    );
    await page.exposeBinding('__appSend', async ({ frame }, channel: string, argument: unknown) => {
      await this.ask('send', { windowId, channel, argument, frame: frameFacts(frame) });
    });
    await page.exposeBinding('__appKey', (_source, accelerator: string) => this.ask('key', { accelerator }));
    await page.addInitScript({ content: preloadScript(preload) });
    // A request of a page whose app has ended fails.
    await page.route('**/*', (route) => this.#answerRequest(windowId, route).catch(() => route.abort().catch(() => undefined)));
    page.on('popup', (popup) => {
      void this.ask('open-popup', { windowId, url: toApp(popup.url()) })
        .then((allowed) => (allowed ? undefined : popup.close()))
        .catch(() => undefined);
    });
    const tell = (event: 'did-start-loading' | 'did-finish-load' | 'ready-to-show') =>
      void this.ask('page-event', { windowId, event }).catch(() => undefined);
    page.on('domcontentloaded', () => tell('ready-to-show'));
    page.on('load', () => tell('did-finish-load'));
    page.on('request', (request) => {
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) tell('did-start-loading');
    });
    const granted = await Promise.all(Object.keys(PERMISSIONS).map((permission) => this.ask('permission', { permission })));
    await this.#context.grantPermissions(Object.values(PERMISSIONS).filter((_name, index) => granted[index]));
    this.#pages.set(windowId, page);
  }

  async #answerRequest(windowId: number, route: Route): Promise<void> {
    const request = route.request();
    const url = request.url();
    if (request.isNavigationRequest() && !this.#loading.delete(url)) {
      const isMainFrame = request.frame().parentFrame() === null;
      if (!(await this.ask('navigate', { windowId, url: toApp(url), isMainFrame }))) return route.abort('aborted');
    }
    if (new URL(url).host !== PAGE_HOST) {
      this.outsideRequests.push(url);
      return route.abort('blockedbyclient');
    }
    const { status, headers, body } = await this.ask('request', { url: toApp(url), method: request.method() });
    await route.fulfill({ status, headers, body: Buffer.from(body) });
  }
}
