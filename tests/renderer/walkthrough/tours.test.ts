import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseTour } from '../../../src/renderer/src/features/walkthrough/tour-schema.ts';

const folder = new URL('../../../resources/walkthroughs/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));

describe('the walkthroughs that ship', () => {
  it('are at least the three that the start page promises', () => expect(files.length).toBeGreaterThanOrEqual(3));
  it.each(files)('%s is well-formed', (file) => expect(parseTour(file, read(file)).steps.length).toBeGreaterThan(2));
  it.each(files)('%s says what to do wherever it waits for something', (file) => {
    for (const step of parseTour(file, read(file)).steps) expect(step.action !== undefined).toBe(step.expect.kind !== 'read');
  });
  it.each(files)('%s keeps to the tone: no exclamation marks', (file) => {
    for (const { sentence, action } of parseTour(file, read(file)).steps) expect(`${sentence} ${action ?? ''}`).not.toContain('!');
  });
  it('have ids of their own', () => {
    const ids = files.map((file) => parseTour(file, read(file)).id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('a tour with a typo', () => {
  it('is refused with its file and the place in it', () => {
    const tour = { id: 'a', title: 'A', summary: 'A', steps: [{ panel: 'register', sentence: 'x', expect: { kind: 'read' } }] };
    expect(() => parseTour('mine.json', tour)).toThrow(/^mine\.json: steps\.0\.panel: /);
  });
});
