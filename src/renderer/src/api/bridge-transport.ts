/** The desktop's transport: the functions that the preload exposed. */
import type { Transport } from '#shared/contract.ts';
import type { DesktopBridge, WorkbenchBridge } from '#shared/bridge.ts';
import { settle } from '#shared/wire.ts';
import { connectionState } from './connection.ts';

declare global {
  interface Window {
    readonly workbench?: WorkbenchBridge;
    readonly workbenchDesktop?: DesktopBridge<File>;
  }
}

/** A copy without proxies: contextBridge refuses Vue's reactive objects. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

export function bridgeTransport(bridge: WorkbenchBridge): Transport {
  connectionState.value = 'open';
  return {
    call: async (method, argument) => settle(await bridge[method](plain(argument))),
    subscribe: (listener) => bridge.subscribe(listener),
  };
}
