import { expect, it } from 'vitest';
import { moduleRows } from '../../../src/renderer/src/features/linux/module-rows.ts';
import type { LinuxModule } from '../../../src/shared/model/index.ts';

const module = (name: string, part: Partial<LinuxModule> = {}): LinuxModule => ({
  name,
  address: 0xffff_ffff_c000_0000n,
  size: 4096,
  state: 'live',
  references: 0,
  usedBy: [],
  taints: '',
  ...part,
});
const MODULES = [module('kvm_amd', { size: 163840 }), module('kvm', { usedBy: ['kvm_amd'] }), module('zfs', { taints: 'POE', references: null })];
const names = (text: string, column: Parameters<typeof moduleRows>[2]['column'] = 'name', descending = false): string[] =>
  moduleRows(MODULES, text, { column, descending }).map(({ name }) => name);

it('finds modules by their names as modprobe takes them, and by who uses them', () => {
  expect(names('KVM-amd')).toEqual(['kvm', 'kvm_amd']);
  expect(names('nothing')).toEqual([]);
});

it('sorts by any column, modules with taints first, and leaves the answer as it was', () => {
  expect(names('', 'size', true)).toEqual(['kvm_amd', 'kvm', 'zfs']);
  expect(names('', 'taints')).toEqual(['zfs', 'kvm', 'kvm_amd']);
  expect(names('', 'references')).toEqual(['zfs', 'kvm', 'kvm_amd']);
  expect(MODULES[0]!.name).toBe('kvm_amd');
});
