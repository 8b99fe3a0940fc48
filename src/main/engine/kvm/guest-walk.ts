/** One address of a guest followed through all its spaces, with every step; and many, cut down to the answer. */
import { formatAddress } from '#shared/address-text.ts';
import type { GuestTranslation, GuestWalk, LinuxArea, LinuxPage } from '#shared/model/index.ts';
import { collectWalk } from '../translate/walk.ts';
import { compareRoads } from './agreement.ts';
import type { GuestRoot, GuestSpaces, GuestTables } from './guest-spaces.ts';

export type GuestSpace = 'gva' | 'gpa' | 'hva';

/** What the host's dump knows of an address that a walk comes through. */
export interface HostKnowledge {
  areaOf(hva: bigint): LinuxArea | null;
  pageOf(hpa: number): LinuxPage | null;
  fileOffsetOf(hpa: number): number | null;
}

const GPA_LIMIT = 2n ** 52n;
const HVA_LIMIT = 2n ** 53n;

/** Throws as GuestSpaces.tables does, for a GVA alone; of any address for a vCPU that there is none of. */
export function walkGuestAddress(spaces: GuestSpaces, host: HostKnowledge, space: GuestSpace, address: bigint, root: GuestRoot): GuestWalk {
  if (root.vcpu !== undefined) spaces.requireVcpu(root.vcpu);
  const tables = space === 'gva' ? spaces.tables(root) : undefined;
  const guest = tables?.space.walk(address);
  const gpa = gpaOf(spaces, space, address, guest?.result.kind === 'page' ? guest.result.physical : null);
  const memslot = (gpa === null ? undefined : spaces.slots.slotOf(gpa)) ?? null;
  const hva = hvaOf(spaces, space, address, gpa);
  const process = hva === null ? null : spaces.process.walk(hva);
  const hpa = process?.result.kind === 'page' ? process.result.physical : null;
  const stage = spaces.nested(tables?.vcpu ?? root.vcpu)?.stage;
  const nested = gpa === null || !stage ? null : collectWalk(spaces.hostMemory, stage.mode, stage.root, stage.source, BigInt(gpa), stage.options);
  const { marks, machine, invalidating } = spaces;
  return {
    vm: machine.id,
    vcpu: tables?.vcpu ?? null,
    space,
    address,
    ...(guest ? { guest } : {}),
    gpa,
    memslot,
    hva,
    area: hva === null ? null : host.areaOf(hva),
    host: process,
    hpa,
    fileOffset: hpa === null ? null : host.fileOffsetOf(hpa),
    page: hpa === null ? null : host.pageOf(hpa),
    nested,
    agreement: nested && compareRoads({ memslot, host: memslot ? process : null, nested, marks, invalidating }),
    ...(tables?.twoDimensional ? { twoDimensional: tables.twoDimensional.walk(address) } : {}),
  };
}

/** One answer per address, in order. For an HVA that no memslot shows `reason` says so, and the HPA is there all the same. */
export function translateGuestAddresses(spaces: GuestSpaces, space: GuestSpace, addresses: readonly bigint[], root: GuestRoot): GuestTranslation[] {
  if (root.vcpu !== undefined) spaces.requireVcpu(root.vcpu);
  const tables = space === 'gva' ? spaces.tables(root) : undefined;
  return addresses.map((address) => translateOne(spaces, tables, space, address));
}

function translateOne(spaces: GuestSpaces, tables: GuestTables | undefined, space: GuestSpace, address: bigint): GuestTranslation {
  const mapped = tables?.space.translateAddress(address) === true;
  const gpa = gpaOf(spaces, space, address, mapped ? tables.space.found.physical : null);
  const hva = hvaOf(spaces, space, address, gpa);
  if (hva === null) return { address, gpa, hva, hpa: null, reason: tables && gpa === null ? reasonOf(tables.space.answer(address)) : noSlot(gpa) };
  const notShown = gpa === null ? { reason: `No memslot shows HVA ${formatAddress(hva)}: it is memory of the process's own.` } : {};
  if (spaces.process.translateAddress(hva)) return { address, gpa, hva, hpa: spaces.process.found.physical, ...notShown };
  return { address, gpa, hva, hpa: null, reason: reasonOf(spaces.process.answer(hva)) };
}

function reasonOf(answer: { physical: number | null; reason?: string }): string {
  return answer.reason ?? '';
}

function noSlot(gpa: number | null): string {
  return gpa === null
    ? 'The address is wider than a guest-physical one.'
    : `No memslot holds GPA ${formatAddress(gpa)}: it is a device's or nobody's.`;
}

/** `translated`: of a GVA. */
function gpaOf(spaces: GuestSpaces, space: GuestSpace, address: bigint, translated: number | null): number | null {
  if (space === 'gva') return translated;
  if (space === 'gpa') return address < GPA_LIMIT ? Number(address) : null;
  return address < HVA_LIMIT ? (spaces.slots.gpasOf(Number(address))[0]?.gpa ?? null) : null;
}

function hvaOf(spaces: GuestSpaces, space: GuestSpace, address: bigint, gpa: number | null): bigint | null {
  if (space === 'hva') return address;
  const hva = gpa === null ? undefined : spaces.slots.hvaOf(gpa);
  return hva === undefined ? null : BigInt(hva);
}
