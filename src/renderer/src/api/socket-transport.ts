/**
 * The browser's transport: messages of shared/wire.ts as codec.ts bytes over a WebSocket, connected anew when it breaks.
 *
 * A call made while there is no connection waits for one. A call under way when the connection breaks rejects with `not-available`: whether it
 * was carried out is not known. Jobs go on in the server and keep sending their progress to whoever connects next.
 */
import { decodeMessage, encodeMessage } from '#shared/codec.ts';
import type { Transport, WorkbenchEvent } from '#shared/contract.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { settle, type CallMessage, type Outcome, type ServerMessage } from '#shared/wire.ts';
import { connectionState } from './connection.ts';

/** Delays between attempts, in milliseconds; the last one repeats. */
const RETRY_DELAYS = [250, 500, 1000, 2000, 4000, 8000];
/** From this attempt on the connection counts as lost: about four seconds. */
const LOST_AFTER = 4;

interface PendingCall {
  message: CallMessage;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export function socketTransport(url: URL): Transport {
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = '';
  url.hash = '';
  const listeners = new Set<(event: WorkbenchEvent) => void>();
  const waiting: PendingCall[] = [];
  const sent = new Map<number, PendingCall>();
  let socket: WebSocket | undefined;
  let failures = 0;
  let nextId = 1;

  function send(call: PendingCall): void {
    let bytes;
    try {
      bytes = encodeMessage(call.message);
    } catch (error) {
      call.reject(error);
      return;
    }
    sent.set(call.message.id, call);
    socket?.send(bytes);
  }

  function receive(bytes: Uint8Array): void {
    const message = decodeMessage(bytes) as ServerMessage;
    if ('event' in message) {
      for (const listener of listeners) listener(message.event);
      return;
    }
    const call = sent.get(message.id);
    sent.delete(message.id);
    try {
      call?.resolve(settle(message as Outcome));
    } catch (error) {
      call?.reject(error);
    }
  }

  function opened(): void {
    failures = 0;
    connectionState.value = 'open';
    for (const call of waiting.splice(0)) send(call);
  }

  function closed(): void {
    const lost = new WorkbenchError('not-available', 'the connection to the workbench broke', {
      hint: 'Is vmcore-workbench serve (or the SSH tunnel to it) still running?',
    });
    for (const call of sent.values()) call.reject(lost);
    sent.clear();
    failures++;
    connectionState.value = failures >= LOST_AFTER ? 'lost' : 'connecting';
    // Whoever waits learns of it now, and later calls wait for the next attempt only.
    if (connectionState.value === 'lost') for (const call of waiting.splice(0)) call.reject(lost);
    window.setTimeout(connect, RETRY_DELAYS[Math.min(failures, RETRY_DELAYS.length) - 1]);
  }

  function connect(): void {
    socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', opened);
    socket.addEventListener('message', ({ data }) => receive(new Uint8Array(data as ArrayBuffer)));
    // An error is always followed by a close.
    socket.addEventListener('close', closed);
  }

  connect();
  return {
    call: (method, argument) =>
      new Promise((resolve, reject) => {
        const call = { message: { id: nextId++, method, argument }, resolve, reject };
        if (socket?.readyState === WebSocket.OPEN) send(call);
        else waiting.push(call);
      }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
