/** XML as https://libvirt.org/formatdomain.html shows it: the elements that are evidence for a map, and what a broken text leaves of them. */
import { describe, expect, it } from 'vitest';
import { parseDomain } from '#engine/libvirt/domain.ts';
import { parseXml } from '#engine/libvirt/xml.ts';
import { seededRandom } from '../io/seeded-random.ts';

const GiB = 2 ** 30;

const DOMAIN = `<?xml version="1.0"?>
<!-- a comment with <domain> in it -->
<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web &amp; "mail" &#x31;</name>
  <uuid>b0778b32-7061-46e7-b494-4e6bc01a7bec</uuid>
  <description><![CDATA[<name>not this</name>]]></description>
  <maxMemory slots='16' unit='KiB'>16777216</maxMemory>
  <memory unit='KiB'>6815744</memory>
  <os><type arch='x86_64' machine='pc-q35-8.2'>hvm</type></os>
  <cpu mode='host-model' check='partial'>
    <numa>
      <cell id='1' cpus='2-3' memory='2' unit='GiB'/>
      <cell id='0' cpus='0-1' memory='2097152' unit='KiB' memAccess='shared'/>
    </numa>
  </cpu>
  <devices>
    <memory model='dimm'>
      <target><size unit='KiB'>524288</size><node>0</node></target>
      <alias name='dimm0'/>
      <address type='dimm' slot='0' base='0x100000000'/>
    </memory>
    <memory model='virtio-mem'>
      <source><pagesize unit='KiB'>2048</pagesize></source>
      <target><size unit='GiB'>2</size><node>0</node><block unit='KiB'>2048</block><address base='0x150000000'/></target>
      <alias name='virtiomem0'/>
      <address type='pci' domain='0x0000' bus='0x08' slot='0x00' function='0x0'/>
    </memory>
  </devices>
  <qemu:commandline><qemu:arg value='-machine'/><qemu:arg value="max-ram-below-4g=1G"/></qemu:commandline>
</domain>`;

const COOKIE = `<cookie><cpu mode='custom' match='exact'><model fallback='forbid'>EPYC-Rome</model><vendor>AMD</vendor></cpu></cookie>`;

describe('a domain', () => {
  it('gives the machine, its nodes in order, and memory devices with their addresses', () => {
    expect(parseDomain(DOMAIN, COOKIE)).toEqual({
      name: 'web & "mail" 1',
      uuid: 'b0778b32-7061-46e7-b494-4e6bc01a7bec',
      architecture: 'x86_64',
      machine: 'pc-q35-8.2',
      memory: 6.5 * GiB,
      maxMemory: 16 * GiB,
      slots: 16,
      cells: [
        { id: 0, memory: 2 * GiB },
        { id: 1, memory: 2 * GiB },
      ],
      devices: [
        { model: 'dimm', alias: 'dimm0', size: GiB / 2, base: 0x100000000 },
        { model: 'virtio-mem', alias: 'virtiomem0', size: 2 * GiB, base: 0x150000000 },
      ],
      cpu: { mode: 'host-model', model: 'EPYC-Rome', vendor: 'AMD' },
      arguments: ['-machine', 'max-ram-below-4g=1G'],
    });
  });

  it.each([
    ['<memory unit="PiB">1</memory>', undefined],
    ['<memory unit="GiB">-1</memory>', undefined],
    ['<memory unit="TiB">999999999999</memory>', undefined],
    ['<memory>1048576</memory>', GiB],
    ['<memory unit="b">4096</memory>', 4096],
  ])('%s is %s bytes', (memory, bytes) => {
    expect(parseDomain(`<domain>${memory}</domain>`)?.memory).toBe(bytes);
  });

  it('is not found in what is none', () => {
    for (const text of ['', '<', 'domain', '<cookie/>', '<<<>>>', '<!-- <domain/>']) expect(parseDomain(text)).toBeUndefined();
  });

  it('cut at every length it gives what came before, and never another value', () => {
    const whole = parseDomain(DOMAIN)!;
    let found = 0;
    for (let length = 0; length < DOMAIN.length; length++) {
      const part = parseDomain(DOMAIN.slice(0, length));
      if (part?.machine === undefined) continue;
      found++;
      expect([part.machine, part.maxMemory, part.memory, part.uuid]).toEqual([whole.machine, whole.maxMemory, whole.memory, whole.uuid]);
      for (const { base } of part.devices) expect([undefined, 0x100000000, 0x150000000]).toContain(base);
    }
    expect(found).toBeGreaterThan(800);
  });

  it('survives bytes changed at random (seeded)', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = seededRandom(seed);
      const text = [...DOMAIN];
      for (let change = 0; change < 8; change++) text[Math.floor(random() * text.length)] = String.fromCharCode(32 + Math.floor(random() * 95));
      expect(() => parseDomain(text.join(''))).not.toThrow();
    }
  });
});

describe('XML that means harm', () => {
  it.each([
    ['a million open elements', '<a>'.repeat(1_000_000)],
    ['a million closed ones', `<a>${'<b/>'.repeat(1_000_000)}</a>`],
    ['four million unclosed quotes', `<a ${`b="`.repeat(1_400_000)}`],
    ['four million ampersands', `<a>${'&'.repeat(4_000_000)}</a>`],
    ['a tag that never ends, after many comments', `${'<!---->'.repeat(200_000)}<a ${'x'.repeat(2_000_000)}`],
    ['many pieces of text in one element', `<a>${'x<b/>'.repeat(90_000)}</a>`],
  ])('%s takes little time', (_what, text) => {
    const began = process.cpuUsage();
    parseXml(text);
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1e6).toBeLessThan(1);
  });
});
