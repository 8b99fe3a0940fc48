import { describe, expect, it } from 'vitest';
import { vtopFlags, vtopText } from '../../../src/renderer/src/features/page-walk/vtop-text.ts';
import { fourLevelWalk, jiffiesWalk, moduleWalk, nonCanonical, tinyNotPresent, tinyReadOnly } from './real-walks.ts';

/** What crash 8.0.2 printed for the lab's guests, without the lines that need symbols (its PGD DIRECTORY is a kernel virtual address) and with trailing blanks cut. */
const CRASH: Record<string, string> = {
  jiffies: `VIRTUAL           PHYSICAL
ffffffff858079c0  6a079c0

PAGE DIRECTORY: 6a14067
   P4D: 6a14ff8 => 6a15067
   PUD: 6a15ff0 => 6a16063
   PMD: 6a16160 => 8000000006a001e3
  PAGE: 6a00000  (2MB)

      PTE         PHYSICAL  FLAGS
8000000006a001e3   6a00000  (PRESENT|RW|ACCESSED|DIRTY|PSE|GLOBAL|NX)
`,
  module: `VIRTUAL           PHYSICAL
ffffffffc03eb2c0  28352c0

PAGE DIRECTORY: 6a14067
   P4D: 6a14ff8 => 6a15067
   PUD: 6a15ff8 => 6a17067
   PMD: 6a17008 => 192e067
   PTE: 192ef58 => 8000000002835163
  PAGE: 2835000

      PTE         PHYSICAL  FLAGS
8000000002835163   2835000  (PRESENT|RW|ACCESSED|DIRTY|GLOBAL|NX)
`,
  fourLevels: `VIRTUAL           PHYSICAL
ffffffff88a079c0  6c079c0

PAGE DIRECTORY: 6c15067
   PUD: 6c15ff0 => 6c16063
   PMD: 6c16228 => 8000000006c000e3
  PAGE: 6c00000  (2MB)

      PTE         PHYSICAL  FLAGS
8000000006c000e3   6c00000  (PRESENT|RW|ACCESSED|DIRTY|PSE|NX)
`,
};

const withoutRoot = (text: string): string => text.replace(/^PGD DIRECTORY: .*\n/m, '');

describe('a walk as crash prints it', () => {
  it('agrees with crash on five levels and a 2 MiB page', () => expect(withoutRoot(vtopText(jiffiesWalk))).toBe(CRASH['jiffies']));
  it('agrees with crash on five levels and a 4 KiB page', () => expect(withoutRoot(vtopText(moduleWalk))).toBe(CRASH['module']));
  it('agrees with crash on four levels', () => expect(withoutRoot(vtopText(fourLevelWalk))).toBe(CRASH['fourLevels']));

  it('names the root', () => expect(vtopText(jiffiesWalk)).toContain('PGD DIRECTORY: 6a10000\n'));
  it('prints the top entry of a user address with its place', () =>
    expect(vtopText(tinyReadOnly)).toContain('   PGD: 200000 => 201027\n   PUD: 201000 => 204027\n'));
  it('says why a walk ends early', () => {
    expect(vtopText(tinyNotPresent)).toMatch(/^155000 {3}\(not mapped\)$/m);
    expect(vtopText(tinyNotPresent)).toContain('   PTE: 205aa8 => abcdeffe\n\nPT[341] is not present: bit 0 (P) is clear');
    expect(vtopText(nonCanonical)).toContain('canonical');
  });
  it('names every flag that crash names', () =>
    expect(vtopFlags(0x80000000000001ffn)).toBe('(PRESENT|RW|USER|PWT|PCD|ACCESSED|DIRTY|PSE|GLOBAL|NX)'));
});
