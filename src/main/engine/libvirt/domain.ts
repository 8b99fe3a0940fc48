/**
 * What libvirt's XML says of a guest, as far as it is evidence for a dump: the machine, where memory lies, the CPU.
 *
 * Facts: https://libvirt.org/formatdomain.html (elements memory, maxMemory, cpu/numa/cell, devices/memory, os/type); the cookie of a save image
 * holds the CPU that host-model stood for (libvirt src/qemu/qemu_domain.c, qemuDomainSaveCookieFormat, v3.1 and later).
 */
import type { Document } from '#shared/model/dump.ts';
import { findElement, findElements, parseXml, type XmlElement } from './xml.ts';

/** `<memory model='…'>` below devices: a DIMM, an NVDIMM, virtio-mem, virtio-pmem. */
export interface MemoryDevice {
  model: string;
  /** `dimm0`; QEMU's backend for it is `memdimm0`. */
  alias?: string;
  /** Bytes. */
  size?: number;
  /** Guest-physical address. */
  base?: number;
}

export interface LibvirtDomain {
  name?: string;
  uuid?: string;
  /** `x86_64`, `aarch64`, as libvirt spells it. */
  architecture?: string;
  /** `pc-q35-10.0`. */
  machine?: string;
  /** Bytes, memory devices included. */
  memory?: number;
  /** Bytes up to which memory can be plugged in; undefined where none can. */
  maxMemory?: number;
  /** Into how many slots; each may waste a GiB of addresses. */
  slots?: number;
  /** NUMA nodes in order, with their memory in bytes. */
  cells: { id: number; memory: number }[];
  devices: MemoryDevice[];
  cpu: { mode?: string; model?: string; vendor?: string };
  /** `<qemu:arg value='…'/>`: arguments passed to QEMU as they are. */
  arguments: string[];
}

export const DOMAIN_TITLE = 'libvirt domain XML';
export const COOKIE_TITLE = 'libvirt cookie';

const KIB = 1024;
/** Units of libvirt's sizes; without one it is KiB. */
const UNITS: Record<string, number> = {
  b: 1,
  bytes: 1,
  kb: 1e3,
  k: KIB,
  kib: KIB,
  mb: 1e6,
  m: KIB ** 2,
  mib: KIB ** 2,
  gb: 1e9,
  g: KIB ** 3,
  gib: KIB ** 3,
};
const LARGE_UNITS: Record<string, number> = { tb: 1e12, t: KIB ** 4, tib: KIB ** 4 };

function bytesOf(number: string | undefined, unit = 'KiB'): number | undefined {
  const scale = UNITS[unit.toLowerCase()] ?? LARGE_UNITS[unit.toLowerCase()];
  const value = number !== undefined && /^\s*\d{1,18}\s*$/.test(number) ? Number(number) * (scale ?? NaN) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

function sizeOf(element: XmlElement | undefined): number | undefined {
  return element && bytesOf(element.text, element.attributes.get('unit'));
}

/** A number as libvirt writes addresses and counts: hexadecimal with 0x, or decimal. */
function addressOf(text: string | undefined): number | undefined {
  const value = text !== undefined && /^(0x[0-9a-f]{1,16}|\d{1,18})$/i.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A DIMM has `<address type='dimm' base=…>`, virtio-mem and virtio-pmem have `<target><address base=…>`: theirs of type pci names a slot. */
function memoryDevice(element: XmlElement): MemoryDevice {
  const addresses = [...findElements(element, 'address'), ...findElements(findElement(element, 'target'), 'address')];
  const base = addresses.map(({ attributes }) => addressOf(attributes.get('base'))).find((address) => address !== undefined);
  return {
    model: element.attributes.get('model') ?? 'dimm',
    alias: findElement(element, 'alias')?.attributes.get('name'),
    size: sizeOf(findElement(element, 'target', 'size')),
    base,
  };
}

function cpuOf(cpu: XmlElement | undefined): LibvirtDomain['cpu'] {
  return {
    mode: cpu?.attributes.get('mode'),
    model: findElement(cpu, 'model')?.text || undefined,
    vendor: findElement(cpu, 'vendor')?.text || undefined,
  };
}

/** Undefined when the text is no domain. */
export function parseDomain(xml: string, cookie = ''): LibvirtDomain | undefined {
  const domain = parseXml(xml);
  if (domain?.name !== 'domain') return undefined;
  const type = findElement(domain, 'os', 'type');
  const [own, resolved] = [cpuOf(findElement(domain, 'cpu')), cpuOf(findElement(parseXml(cookie), 'cpu'))];
  const cells = findElements(findElement(domain, 'cpu', 'numa'), 'cell').map(({ attributes }, index) => ({
    id: Number(attributes.get('id') ?? index),
    memory: bytesOf(attributes.get('memory'), attributes.get('unit')) ?? 0,
  }));
  return {
    name: findElement(domain, 'name')?.text,
    uuid: findElement(domain, 'uuid')?.text,
    architecture: type?.attributes.get('arch'),
    machine: type?.attributes.get('machine'),
    memory: sizeOf(findElement(domain, 'memory')),
    maxMemory: sizeOf(findElement(domain, 'maxMemory')),
    slots: addressOf(findElement(domain, 'maxMemory')?.attributes.get('slots')),
    cells: cells.sort((a, b) => a.id - b.id),
    devices: findElements(findElement(domain, 'devices'), 'memory').map(memoryDevice),
    cpu: { mode: own.mode ?? resolved.mode, model: own.model ?? resolved.model, vendor: own.vendor ?? resolved.vendor },
    arguments: findElements(findElement(domain, 'qemu:commandline'), 'qemu:arg').flatMap(({ attributes }) => attributes.get('value') ?? []),
  };
}

/** The domain among the documents that came with a dump. */
export function domainOf(documents: readonly Document[]): LibvirtDomain | undefined {
  const text = (title: string) => documents.find((document) => document.title === title)?.text;
  const xml = text(DOMAIN_TITLE);
  return xml === undefined ? undefined : parseDomain(xml, text(COOKIE_TITLE));
}
