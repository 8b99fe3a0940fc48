/**
 * One page's WebSocket: calls come in, outcomes and events go out.
 *
 * Closing it cancels nothing: jobs belong to the workbench, not to a connection. A reloaded page or a tunnel that broke finds the export still running, sees
 * its progress and can cancel it.
 *
 * Both directions are bounded. A page that does not read is not read from either; progress, of which only the newest matters, waits
 * until the socket has room and is then sent once a job.
 */
import type { RawData, WebSocket } from 'ws';
import { decodeMessage, encodeMessage } from '#shared/codec.ts';
import type { WorkbenchApi, WorkbenchEvent } from '#shared/contract.ts';
import { encodeError } from '#shared/errors.ts';
import { answer, type CallMessage, type ServerMessage } from '#shared/wire.ts';

/** Calls under way at which reading pauses. */
const CALLS_LIMIT = 32;
/** Unsent bytes at which reading pauses. The largest reply (65536 translations) is about 10 MB. */
const UNSENT_LIMIT = 16 * 1024 * 1024;
/** Unsent bytes at which progress is held back. */
const PROGRESS_LIMIT = 256 * 1024;
/** A peer that is gone without a word (a tunnel) is noticed after two of these, in milliseconds. */
const HEARTBEAT = 30_000;

function isCall(message: unknown): message is CallMessage {
  return typeof message === 'object' && message !== null && 'id' in message && Number.isSafeInteger(message.id) && 'method' in message;
}

export function serveClient(socket: WebSocket, workbench: WorkbenchApi): void {
  const heldProgress = new Map<string, WorkbenchEvent>();
  let calls = 0;
  let alive = true;

  function regulate(): void {
    if (socket.readyState !== socket.OPEN) return;
    if (calls >= CALLS_LIMIT || socket.bufferedAmount > UNSENT_LIMIT) socket.pause();
    else socket.resume();
    if (socket.bufferedAmount > PROGRESS_LIMIT) return;
    for (const [jobId, event] of heldProgress) {
      heldProgress.delete(jobId);
      send({ event });
    }
  }

  function send(message: ServerMessage): void {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(encodeMessage(message), regulate);
  }

  function forward(event: WorkbenchEvent): void {
    if (event.type === 'job' && socket.bufferedAmount > PROGRESS_LIMIT) heldProgress.set(event.progress.jobId, event);
    else send({ event });
  }

  async function receive(data: Buffer, isBinary: boolean): Promise<void> {
    const call = isBinary ? decodeMessage(data) : undefined;
    if (!isCall(call)) {
      socket.close(1007, 'not a call');
      return;
    }
    calls++;
    regulate();
    const outcome = await answer(workbench, call.method, call.argument);
    calls--;
    try {
      send({ id: call.id, ...outcome });
    } catch (error) {
      // A result that the codec cannot carry is a bug of ours; the caller must not wait for ever because of it.
      send({ id: call.id, error: encodeError(error) });
    }
    regulate();
  }

  const unsubscribe = workbench.subscribe(forward);
  const heartbeat = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, HEARTBEAT);
  socket.on('pong', () => (alive = true));
  // The server sets binaryType `nodebuffer`: one Buffer a message.
  socket.on('message', (data: RawData, isBinary) => receive(data as Buffer, isBinary).catch(() => socket.close(1007, 'malformed')));
  // A message over the limit or a broken frame; ws closes the socket itself.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearInterval(heartbeat);
    unsubscribe();
  });
}
