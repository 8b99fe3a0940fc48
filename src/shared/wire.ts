/**
 * What the two transports with a boundary (Electron IPC, WebSocket) say to each other, and the receiving end that both share.
 *
 * A rejection travels as data: neither structured clone nor Electron's contextBridge keeps an error's class or fields.
 */
import * as v from 'valibot';
import { METHOD_ARGUMENTS, type MethodName, type WorkbenchEvent, type WorkbenchMethods } from './contract.ts';
import { decodeError, encodeError, WorkbenchError, type EncodedError } from './errors.ts';

/** How one call ended. */
export type Outcome = { ok: unknown } | { error: EncodedError };

/** WebSocket, page to server; `id` is chosen by the page and unique on its connection. */
export interface CallMessage {
  id: number;
  method: string;
  argument?: unknown;
}

/** WebSocket, server to page. Outcomes come in any order. */
export type ServerMessage = ({ id: number } & Outcome) | { event: WorkbenchEvent };

export function isMethodName(name: unknown): name is MethodName {
  return typeof name === 'string' && Object.hasOwn(METHOD_ARGUMENTS, name);
}

/** Where in the argument an issue is: `addresses.3`. */
function describeIssue(issue: v.BaseIssue<unknown>): string {
  const place = v.getDotPath(issue);
  return place === null ? issue.message : `${place}: ${issue.message}`;
}

/**
 * Calls a method by name after checking its argument. This is the only way in for calls from outside the process.
 * Rejects with WorkbenchError `bad-request` for a name that is no method or an argument that does not fit its schema.
 */
export async function callChecked(methods: WorkbenchMethods, method: unknown, argument: unknown): Promise<unknown> {
  if (!isMethodName(method)) throw new WorkbenchError('bad-request', `no such method: ${String(method).slice(0, 100)}`);
  const parsed = v.safeParse(METHOD_ARGUMENTS[method], argument, { abortEarly: true });
  if (!parsed.success) throw new WorkbenchError('bad-request', `${method}: ${describeIssue(parsed.issues[0])}`);
  const call = methods[method] as (argument: unknown) => Promise<unknown>;
  return call.call(methods, parsed.output);
}

/** callChecked for a boundary: never rejects. */
export async function answer(methods: WorkbenchMethods, method: unknown, argument: unknown): Promise<Outcome> {
  try {
    return { ok: await callChecked(methods, method, argument) };
  } catch (error) {
    return { error: encodeError(error) };
  }
}

/** The calling end: the value, or the rejection as a WorkbenchError again. */
export function settle(outcome: Outcome): unknown {
  if ('error' in outcome) throw decodeError(outcome.error);
  return outcome.ok;
}
