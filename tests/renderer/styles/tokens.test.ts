/** The contrast of every colour that carries words or numbers, in every theme, computed from tokens.css by WCAG 2.2's formula. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../../src/renderer/src/styles/tokens.css', import.meta.url), 'utf8');
const [base = '', highContrast = ''] = css.split(":root[data-theme='high-contrast']");

type Theme = 'light' | 'dark' | 'high-contrast';

function colourOf(name: string, theme: Theme): string {
  const own = new RegExp(`--${name}:\\s*(#[0-9a-f]{6});`).exec(theme === 'high-contrast' ? highContrast : '');
  if (own?.[1]) return own[1];
  const pair = new RegExp(`--${name}:\\s*light-dark\\((#[0-9a-f]{6}),\\s*(#[0-9a-f]{6})\\)`).exec(base);
  const single = new RegExp(`--${name}:\\s*(#[0-9a-f]{6});`).exec(base);
  const found = theme === 'light' ? pair?.[1] : pair?.[2];
  const colour = found ?? single?.[1];
  if (!colour) throw new Error(`no colour --${name} in ${theme}`);
  return colour;
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const STATES = ['present', 'zero', 'excluded', 'absent', 'corrupt', 'encrypted', 'unmapped'].map((state) => `state-${state}`);
const SPACES = ['gva', 'gpa', 'hva', 'hpa', 'file'].map((space) => `space-${space}`);
const SEVERITIES = ['info', 'suspect', 'data-loss'].map((severity) => `severity-${severity}`);
const WORDS = ['ink', 'ink-muted', 'ink-faint', 'accent', 'good', ...STATES, ...SPACES, ...SEVERITIES];
const SURFACES = ['surface-panel', 'surface-raised', 'surface-window', 'surface-overlay'];

describe.each<Theme>(['light', 'dark', 'high-contrast'])('the %s theme', (theme) => {
  it.each(WORDS)('lets --%s be read on every surface', (word) => {
    for (const surface of SURFACES) expect(contrast(colourOf(word, theme), colourOf(surface, theme)), surface).toBeGreaterThanOrEqual(4.5);
  });
  it('lets text be read where rows are hovered or selected', () => {
    for (const surface of ['surface-hover', 'surface-selected']) {
      for (const word of ['ink', 'ink-muted']) expect(contrast(colourOf(word, theme), colourOf(surface, theme)), word).toBeGreaterThanOrEqual(4.5);
    }
  });
  it('lets the words on a filled button be read', () => {
    for (const fill of ['accent-fill', 'accent-fill-hover']) {
      expect(contrast(colourOf('accent-ink', theme), colourOf(fill, theme)), fill).toBeGreaterThanOrEqual(4.5);
    }
  });
  it('draws focus and the edges of fields at 3:1', () => {
    for (const surface of SURFACES) {
      expect(contrast(colourOf('focus', theme), colourOf(surface, theme)), surface).toBeGreaterThanOrEqual(3);
      expect(contrast(colourOf('line-strong', theme), colourOf(surface, theme)), surface).toBeGreaterThanOrEqual(3);
    }
  });
  it.each([
    ['memory states', STATES],
    ['address spaces', SPACES],
  ])('gives all %s colours of their own', (_, names) => {
    expect(new Set(names.map((name) => colourOf(name, theme))).size).toBe(names.length);
  });
});
