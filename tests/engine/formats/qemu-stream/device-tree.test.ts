/** Every device of real streams as a tree: all of the stream's devices, and every byte of each in exactly one row. */
import { describe, expect, it } from 'vitest';
import type { DeviceField } from '#shared/model/device.ts';
import { countDevices, describeDevice, listDevices } from '#engine/formats/qemu-stream/device-tree.ts';
import { tinyVariants } from '../../../fixtures/fixture.ts';
import { allRows, deviceNamed, fieldAt, jsonDevices, openSection, openStream } from './device-rows.ts';

const STREAMS = ['tiny', 'linux', 'devices', ...tinyVariants().map((variant) => `tiny-variants/${variant}`)];
const WITHOUT_JSON = ['tiny-variants/qemu10-no-vmdesc'];

const SUBSECTION_HEADER = 1 + 1 + 4;
const isNumbersOrBytes = ({ children }: DeviceField): boolean => children === undefined;

/** Rows whose children do not add up to them, or do not follow each other. */
function gaps(rows: readonly DeviceField[], start: number, size: number): string[] {
  let at = start;
  const found: string[] = [];
  for (const row of rows) {
    if (row.offset !== at) found.push(`${row.name} at ${row.offset}, expected ${at}`);
    at = row.offset + row.size;
    if (isNumbersOrBytes(row)) continue;
    const header = row.type === 'subsection' ? SUBSECTION_HEADER + row.name.length : 0;
    found.push(...gaps(row.children ?? [], row.offset + header, row.size - header).map((gap) => `${row.name} / ${gap}`));
  }
  const isCut = rows.at(-1)?.name === `[${rows.length - 1}]` && rows.length > 5000;
  if (at !== start + size && !isCut) found.push(`ends at ${at}, expected ${start + size}`);
  return found;
}

describe.each(STREAMS)('the devices of %s', (folder) => {
  const stream = openStream(`${folder}/stream.qevm`);
  const list = listDevices(stream.source, stream.devices);

  it('are those of the JSON, in its order', () => {
    const json = jsonDevices(stream.bytes);
    if (WITHOUT_JSON.includes(folder)) {
      expect(json).toBeUndefined();
      return;
    }
    expect(list.map(({ name, instance }) => [name, instance])).toEqual(json?.map(({ name, instance_id: instance }) => [name, instance]));
    expect(new Set(list.map(({ described }) => described))).toEqual(new Set(['stream']));
  });

  it('have every byte of their sections in one row', () => {
    const found = list.flatMap(({ index, name }) => {
      const { fields, subsections, offset, length, problem } = describeDevice(stream.source, stream.devices, index);
      if (problem && !WITHOUT_JSON.includes(folder)) return [`${name}: ${problem}`];
      return gaps(
        [...fields, ...subsections].sort((a, b) => a.offset - b.offset),
        offset,
        length,
      ).map((gap) => `${name}: ${gap}`);
    });
    expect(found).toEqual([]);
  });

  it('hold values that are the bytes of the file at their offsets', () => {
    const view = new DataView(stream.bytes.buffer, stream.bytes.byteOffset);
    let compared = 0;
    for (const { index } of list) {
      const { fields, subsections } = describeDevice(stream.source, stream.devices, index);
      for (const { name, type, offset, size, value } of allRows([...fields, ...subsections])) {
        if (value instanceof Uint8Array) expect(value, name).toEqual(stream.bytes.subarray(offset, offset + value.length));
        const little = type.endsWith(' le') && type.startsWith('uint');
        if (typeof value !== 'bigint' || size === 3) continue;
        const read = {
          1: () => BigInt(view.getUint8(offset)),
          2: () => BigInt(view.getUint16(offset, little)),
          4: () => BigInt(view.getUint32(offset, little)),
        };
        expect(value, name).toBe((read[size as 1 | 2 | 4] ?? (() => view.getBigUint64(offset)))());
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(500);
  });
});

describe('rows', () => {
  const number = (name: string, size = 4, rest: object = {}) => ({ name, type: `uint${8 * size}`, size, ...rest });

  it('number fields of one name, and join elements that are described one by one', () => {
    const fields = [number('a', 1), number('a', 1), number('b', 1, { index: 0 }), number('b', 1, { index: 1 }), number('c', 1)];
    const { fields: rows } = deviceNamed(openSection(Uint8Array.of(1, 2, 3, 4, 5), { fields }), 'device');
    expect(rows.map(({ name }) => name)).toEqual(['a[0]', 'a[1]', 'b', 'c']);
    expect(rows[2]?.children?.map(({ name, value, offset }) => [name, value, offset])).toEqual([
      ['[0]', 3n, 2],
      ['[1]', 4n, 3],
    ]);
  });

  it('give negative numbers of signed types in words, and keep the value unsigned', () => {
    const fields = [
      { name: 'a', type: 'int32', size: 4 },
      { name: 'b', type: 'int8', size: 1 },
      { name: 'c', type: 'uint8', size: 1 },
    ];
    const { fields: rows } = deviceNamed(openSection(Uint8Array.of(255, 255, 255, 254, 128, 255), { fields }), 'device');
    expect(rows.map(({ value, words }) => [value, words])).toEqual([
      [0xfffffffen, '-2'],
      [0x80n, '-128'],
      [0xffn, undefined],
    ]);
  });

  it('cut a long array and keep what follows it', () => {
    const bytes = new Uint8Array(400_000 + 4);
    bytes[400_003] = 7;
    const device = deviceNamed(openSection(bytes, { fields: [number('table', 4, { array_len: 100_000 }), number('last')] }), 'device');
    expect(device.cut).toBe(true);
    expect(allRows(device.fields).length).toBeLessThanOrEqual(20_000);
    expect(fieldAt(device, 'table').words).toMatch(/^100,000 elements, \d+ shown$/);
    expect(fieldAt(device, 'table').size).toBe(400_000);
    expect(fieldAt(device, 'last').value).toBe(7n);
  });

  it('cut a long buffer to 4096 bytes and say how long it was', () => {
    const bytes = new Uint8Array(10_000).fill(3);
    const device = deviceNamed(openSection(bytes, { fields: [{ name: 'data', type: 'buffer', size: 10_000 }] }), 'device');
    expect(device.fields[0]).toMatchObject({ size: 10_000, value: new Uint8Array(4096).fill(3) });
    expect(device.cut).toBe(false);
  });

  it('take a list apart element by element', () => {
    const bytes = Uint8Array.of(1, 0xaa, 0xbb, 1, 0xcc, 0xdd, 0);
    const list = { name: 'queue', type: 'qtailq', size: 7, vmsd_name: 'entry', version: 1, fields: [number('a', 1), number('b', 1)] };
    const device = deviceNamed(openSection(bytes, { fields: [list] }), 'device');
    expect(fieldAt(device, 'queue / [1] / b')).toMatchObject({ value: 0xddn, offset: 5 });
    const broken = Uint8Array.of(1, 0xaa, 0xbb, 9, 0xcc, 0xdd, 0);
    expect(deviceNamed(openSection(broken, { fields: [list] }), 'device').fields[0]?.value).toEqual(broken);
  });
});

describe('a section that does not fit its description', () => {
  const fields = [
    { name: 'first', type: 'uint16', size: 2 },
    { name: 'second', type: 'uint32', size: 4 },
  ];

  it('shows what came before the misfit, the rest as bytes, and says so', () => {
    const device = deviceNamed(openSection(Uint8Array.of(1, 2, 3, 4), { fields }), 'device');
    expect(device.problem).toContain('field second ends beyond its section');
    expect(device.fields.map(({ name, value }) => [name, value])).toEqual([
      ['first', 0x0102n],
      ['second', null],
      ['(not described)', Uint8Array.of(3, 4)],
    ]);
  });

  it('shows the bytes after the description, and warns of the values', () => {
    const device = deviceNamed(openSection(Uint8Array.of(1, 2, 3, 4, 5, 6, 7), { fields }), 'device');
    expect(device.problem).toContain('ends 1 byte before the section does');
    expect(device.fields.at(-1)).toMatchObject({ name: '(not described)', offset: 6, size: 1 });
  });
});

describe('without a description', () => {
  it.each(['tiny', 'tiny-variants/qemu10-plain', 'tiny-variants/qemu5.2-pc-i440fx-2.3', 'linux'])(
    '%s: what is built in shows the same rows as the JSON, or none',
    (folder) => {
      const { source, devices } = openStream(`${folder}/stream.qevm`);
      const undescribed = { ...devices, description: undefined };
      const compared = listDevices(source, undescribed).filter(({ index, name, described }) => {
        // The CPU's own test compares its registers (arch/x86-64): its layouts leave the x87 registers in one piece. QEMU 10 divides the 100 bytes of the run state.
        if (described === null || name === 'cpu' || name === 'globalstate') return false;
        const rows = (state: { fields: DeviceField[]; subsections: DeviceField[] }) =>
          allRows([...state.fields, ...state.subsections]).map(({ name: field, type, offset, size, value, words }) => {
            // The JSON says more of a type than its size: "int32 le". Fields that QEMU numbers or renamed are told by their places.
            return {
              name: field.replace(/\[\d\]$|^smm_enabled$|^unused$|_save$/, ''),
              signed: type.startsWith('int'),
              offset,
              size,
              value: size === 1 && value instanceof Uint8Array ? BigInt(value[0]!) : value,
              words,
            };
          });
        const [byJson, builtIn] = [describeDevice(source, devices, index), describeDevice(source, undescribed, index)];
        expect(builtIn.problem, builtIn.name).toBeUndefined();
        expect(rows(builtIn), builtIn.name).toEqual(rows(byJson));
        return true;
      });
      expect(compared.map(({ name }) => name)).toEqual(expect.arrayContaining(['apic', 'i8259', 'ioapic', 'i8254', 'hpet', 'mc146818rtc', 'serial']));
    },
  );

  it('a device is its bytes', () => {
    const { source, devices } = openSection(Uint8Array.of(1, 2, 3), {});
    const device = describeDevice(source, { sections: devices.sections }, 0);
    expect(device).toMatchObject({ described: null, problem: expect.stringContaining('Nothing describes version 1') });
    expect(device.fields).toMatchObject([{ offset: 0, size: 3, value: Uint8Array.of(1, 2, 3) }]);
  });

  it('a device that saves in steps is one device with a row a step', () => {
    const step = (kind: number, start: number, end: number) => ({ id: 9, name: 'spapr/htab', instance: 0, version: 1, kind, start, end });
    const { source } = openSection(Uint8Array.of(1, 2, 3, 4, 5, 6), {});
    const devices = { sections: [step(1, 0, 1), step(2, 2, 4), step(3, 5, 6)] };
    expect(listDevices(source, devices)).toMatchObject([{ name: 'spapr/htab', offset: 0, length: 4, described: null }]);
    expect(countDevices(devices)).toBe(1);
    const device = describeDevice(source, devices, 0);
    expect(device.fields.map(({ name, offset, value }) => [name, offset, value])).toEqual([
      ['step 0 (START)', 0, Uint8Array.of(1)],
      ['step 1 (PART)', 2, Uint8Array.of(3, 4)],
      ['step 2 (END)', 5, Uint8Array.of(6)],
    ]);
    expect(device.problem).toContain('3 steps');
  });

  it('a dump without devices has none', () => {
    const { source } = openSection(new Uint8Array(1), {});
    expect(listDevices(source, undefined)).toEqual([]);
    expect(() => describeDevice(source, undefined, 0)).toThrow('there is no device 0');
  });
});

describe('a hostile description', () => {
  const bytes = new Uint8Array(64).fill(1);
  const deep = (levels: number): object =>
    levels === 0
      ? { name: 'x', type: 'uint8', size: 1 }
      : { name: 'x', type: 'struct', size: 1, struct: { vmsd_name: 'x', version: 1, fields: [deep(levels - 1)] } };
  it.each([
    ['fields that are no list', { fields: 7 }],
    ['fields that are null', { fields: [null, 3, 'x'] }],
    ['names that are objects', { fields: [{ name: { toString: 1 }, type: {}, size: 1 }], vmsd_name: { toString: 1 } }],
    ['names of the prototype', { fields: [{ name: '__proto__', type: 'constructor', size: 1 }], vmsd_name: 'constructor' }],
    ['a negative size', { fields: [{ name: 'a', type: 'uint8', size: -1 }] }],
    ['a size that is no number', { fields: [{ name: 'a', type: 'uint8', size: '1' }] }],
    ['an endless array', { fields: [{ name: 'a', type: 'uint8', size: 1, array_len: 1e15 }] }],
    ['an endless array of nothing', { fields: [{ name: 'a', type: 'uint8', size: 0, array_len: 1e15 }] }],
    ['endless nesting', { fields: [deep(100)] }],
    ['subsections that are null', { subsections: [null, { vmsd_name: null }] }],
    ['a struct that is text', { fields: [{ name: 'a', type: 'struct', size: 1, struct: 'text' }] }],
    [
      'an index that is text',
      {
        fields: [
          { name: 'a', type: 'uint8', size: 1, index: 'text' },
          { name: 'a', type: 'uint8', size: 1, index: -1 },
        ],
      },
    ],
  ])('%s: ends in rows and a problem, not in an error', (_name, description) => {
    const device = deviceNamed(openSection(bytes, description), 'device');
    expect(device.problem).toBeDefined();
    expect(allRows(device.fields).length).toBeGreaterThan(0);
  });

  it('with any byte of it flipped, every device still opens', () => {
    const { source, devices, bytes: stream } = openStream('tiny/stream.qevm');
    const text = JSON.stringify(devices.description);
    const flippable = [...text.matchAll(/"(?:size|array_len|index|type|vmsd_name)":/g)].map(({ index }) => index);
    for (let round = 0; round < 60; round++) {
      const at = flippable[(round * 7919) % flippable.length]! + (round % 12);
      const flipped = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << (round % 5))) + text.slice(at + 1);
      let description: (typeof devices)['description'];
      try {
        description = JSON.parse(flipped) as typeof description;
      } catch {
        continue;
      }
      for (const { index, length } of listDevices(source, { ...devices, description })) {
        const { fields, subsections } = describeDevice(source, { ...devices, description }, index);
        for (const { offset, size } of [...fields, ...subsections]) expect(offset + Math.min(size, length)).toBeLessThanOrEqual(stream.length);
      }
    }
  });
});
