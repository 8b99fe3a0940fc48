import type { StateSpan } from '#shared/model/memory.ts';

/** Adds a span to those before it, joined to the last where it goes on in the same way. */
export function appendSpan(spans: StateSpan[], span: StateSpan): void {
  const last = spans.at(-1);
  if (last && last.state === span.state && last.reason === span.reason) last.end = span.end;
  else spans.push(span);
}
