/** `ipcMain`. Values crossed the link by structured clone already. */
import { answerTo } from './app-link.ts';
import { frameOf } from './browser-window.ts';

interface SenderEvent {
  senderFrame: ReturnType<typeof frameOf>;
}

const handlers = new Map<string, (event: SenderEvent, argument: unknown) => unknown>();
const listeners = new Map<string, (event: SenderEvent, argument: unknown) => void>();

export const ipcMain = {
  handle(channel: string, handler: (event: SenderEvent, argument: unknown) => unknown): void {
    if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    handlers.set(channel, handler);
  },
  on(channel: string, listener: (event: SenderEvent, argument: unknown) => void): void {
    listeners.set(channel, listener);
  },
};

answerTo('invoke', ({ channel, argument, frame }) => {
  const handler = handlers.get(channel);
  if (!handler) throw new Error(`No handler registered for '${channel}'`);
  return handler({ senderFrame: frameOf(frame) }, argument);
});
answerTo('send', ({ channel, argument, frame }) => {
  listeners.get(channel)?.({ senderFrame: frameOf(frame) }, argument);
  return null;
});
