// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import AddressChip from '../../../src/renderer/src/components/AddressChip.vue';
import BitStrip from '../../../src/renderer/src/components/BitStrip.vue';
import ErrorState from '../../../src/renderer/src/components/ErrorState.vue';
import HexNumber from '../../../src/renderer/src/components/HexNumber.vue';
import StateBadge from '../../../src/renderer/src/components/StateBadge.vue';
import { MEMORY_STATES } from '../../../src/renderer/src/components/memory-states.ts';
import { DumpFormatError, WorkbenchError } from '../../../src/shared/errors.ts';
import type { BitField } from '../../../src/shared/model/index.ts';

describe('HexNumber', () => {
  const parts = (value: bigint | number, digits: number): [string, string] => {
    const wrapper = mount(HexNumber, { props: { value, digits } });
    return [wrapper.find('.zeros').text(), wrapper.text().slice(wrapper.find('.zeros').text().length)];
  };
  it('dims the leading zeros and nothing else', () => expect(parts(0x1078000n, 12)).toEqual(['0000 0', '107 8000']));
  it('keeps one digit of a zero bright: it is a value', () => expect(parts(0, 8)).toEqual(['0000 000', '0']));
  it('dims nothing where all digits count', () => expect(parts(0xffff_ffff_8105_92ebn, 16)).toEqual(['', 'ffff ffff 8105 92eb']));
});

describe('AddressChip', () => {
  const chip = (props = {}): ReturnType<typeof mount> => mount(AddressChip, { props: { space: 'gpa', address: 0x1000, ...props } });
  it('says its space in letters, not by colour alone, also when compact', () => {
    expect(chip().text()).toContain('GPA');
    expect(chip({ compact: true }).text()).toContain('GPA');
  });
  it('goes there on a click and offers its menu on Enter and on a right click', async () => {
    const wrapper = chip();
    await wrapper.trigger('click');
    expect(wrapper.emitted('go')).toEqual([[{ space: 'gpa', address: 0x1000n }]]);
    await wrapper.trigger('keydown', { key: 'Enter' });
    await wrapper.trigger('contextmenu');
    expect(wrapper.emitted('menu')).toHaveLength(2);
    expect(wrapper.emitted('go')).toHaveLength(1);
  });
  it('names a state other than present, in words', () => {
    expect(chip({ state: 'absent' }).text()).toContain('absent');
    expect(chip({ state: 'present' }).text()).not.toContain('present');
  });
});

describe('StateBadge', () => {
  it.each(Object.keys(MEMORY_STATES) as (keyof typeof MEMORY_STATES)[])('%s has a word and a letter', (state) => {
    const wrapper = mount(StateBadge, { props: { state } });
    expect(wrapper.find('.letter').text()).toHaveLength(1);
    expect(wrapper.text()).toContain(state);
  });
  it('no two states share a letter', () => {
    const letters = Object.values(MEMORY_STATES).map(({ letter }) => letter);
    expect(new Set(letters).size).toBe(letters.length);
  });
});

describe('BitStrip', () => {
  const field = (name: string, bit: number, width: number, value: bigint): BitField => ({ name, bit, width, value, title: name, meaning: name });
  it('covers every bit once, highest first, also those without a name', () => {
    const fields = [field('P', 0, 1, 1n), field('RW', 1, 1, 0n), field('NX', 63, 1, 1n), field('address', 12, 40, 0x1000n)];
    const wrapper = mount(BitStrip, { props: { fields } });
    expect(wrapper.findAll('.bits').map((cell) => cell.text())).toEqual(['63', '62:52', '51:12', '11:2', '1', '0']);
    expect(wrapper.findAll('.set .name').map((cell) => cell.text())).toEqual(['NX', 'address', 'P']);
  });
});

describe('ErrorState', () => {
  it('says what happened, where, and what was expected and found', () => {
    const problem = { format: 'RAM section', source: 'a.save', fileOffset: 0x1a4, field: 'flags', expected: 'a known flag', found: '0x800' };
    const text = mount(ErrorState, { props: { error: new DumpFormatError(problem) } }).text();
    for (const part of ['The file is damaged', 'a.save · RAM section · flags · offset 0x1a4', 'a known flag', '0x800']) expect(text).toContain(part);
  });
  it('says what was expected and found once', () => {
    const problem = { format: 'RAM section', source: 'a.save', fileOffset: 0x1a4, field: 'flags', expected: 'a known flag', found: '0x800' };
    const text = mount(ErrorState, { props: { error: new DumpFormatError(problem) } }).text();
    for (const part of ['a known flag', '0x800']) expect(text.split(part)).toHaveLength(2);
  });
  it('prefers the error’s own hint to the general advice', () => {
    const error = new WorkbenchError('io', 'x', { hint: 'Ask the owner.' });
    expect(mount(ErrorState, { props: { error } }).text()).toContain('Ask the owner.');
  });
  it('takes what is no error of ours for a bug', () => {
    expect(mount(ErrorState, { props: { error: new TypeError('x is undefined') } }).text()).toContain('A bug in the workbench');
  });
});
