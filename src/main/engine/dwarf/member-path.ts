/** `env.cr[3]`: the place of a member inside a member, by the path that C would write. */
import { WorkbenchError } from '#shared/errors.ts';
import { resolved, sizeOf, typeText, type BitField, type CType, type StructMember, type StructType } from './type-model.ts';

/** Where a path leads. */
export interface FieldPlace {
  /** Bytes from the start of the outermost struct. */
  offset: number;
  type: CType;
  /** Bytes; undefined for flexible arrays and functions. */
  size: number | undefined;
  /** `bitOffset` counts from the start of the outermost struct. */
  bitField: BitField | undefined;
}

/** The definition of a struct that is only declared, or itself. */
export type Complete = (type: StructType) => StructType;

/** Anonymous structs and unions in one struct; struct page of Linux has some twenty. */
const MAX_ANONYMOUS = 4096;

/** One step of a path. */
type Step = { member: string } | { index: number };

/** Throws WorkbenchError `bad-request` for a path that is malformed or leads through what the type does not have. */
export function placeOf(start: CType, path: string, complete: Complete): FieldPlace {
  let place: FieldPlace = { offset: 0, type: start, size: sizeOf(start), bitField: undefined };
  for (const step of parsePath(path))
    place = 'member' in step ? intoMember(place, step.member, path, complete) : intoElement(place, step.index, path);
  return place;
}

/** The member of that name, those of anonymous structs and unions included, with its offset from the start of `type`. Undefined for none. */
export function findMember(type: StructType, name: string, complete: Complete): { member: StructMember; base: number } | undefined {
  return findInside(type, name, complete, new Set());
}

/** `passed`: what was looked into before: damage can make a struct a member of itself. */
function findInside(type: StructType, name: string, complete: Complete, passed: Set<StructType>): { member: StructMember; base: number } | undefined {
  if (passed.has(type) || passed.size === MAX_ANONYMOUS) return undefined;
  passed.add(type);
  const { members } = complete(type);
  const own = members.find((member) => member.name === name);
  if (own) return { member: own, base: 0 };
  for (const member of members) {
    const inner = member.name === undefined ? resolved(member.type) : undefined;
    if (inner?.kind !== 'struct' && inner?.kind !== 'union') continue;
    const found = findInside(inner, name, complete, passed);
    if (found) return { member: found.member, base: member.offset + found.base };
  }
  return undefined;
}

function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  const pattern = /(?:(?:^|\.)([A-Za-z_$][\w$]*)|\[(0x[0-9a-fA-F]+|\d+)\])/y;
  while (pattern.lastIndex < path.length) {
    const { lastIndex } = pattern;
    const match = pattern.exec(path);
    if (!match) throw new WorkbenchError('bad-request', `“${path}” is no path of members at “${path.slice(lastIndex)}”: name.name[index]`);
    steps.push(match[1] === undefined ? { index: Number(match[2]) } : { member: match[1] });
  }
  return steps;
}

function intoMember({ offset, type }: FieldPlace, name: string, path: string, complete: Complete): FieldPlace {
  const outer = resolved(type);
  if (outer.kind !== 'struct' && outer.kind !== 'union') {
    const hint = outer.kind === 'pointer' ? 'Read the pointer from memory and go on from where it leads' : undefined;
    throw new WorkbenchError('bad-request', `${path}: ${typeText(type)} has no members, so no “${name}”`, { hint });
  }
  const whole = complete(outer);
  if (whole.declared)
    throw new WorkbenchError('bad-request', `${path}: ${typeText(outer)} is declared, but defined nowhere in this debug information`);
  const found = findMember(whole, name, complete);
  if (!found) throw new WorkbenchError('bad-request', `${path}: ${typeText(type)} has no member “${name}”`);
  const { member, base } = found;
  const { bitField } = member;
  return {
    offset: offset + base + member.offset,
    type: member.type,
    size: sizeOf(member.type),
    bitField: bitField && { bitOffset: (offset + base) * 8 + bitField.bitOffset, bitSize: bitField.bitSize },
  };
}

function intoElement({ offset, type }: FieldPlace, index: number, path: string): FieldPlace {
  const array = resolved(type);
  if (array.kind !== 'array') throw new WorkbenchError('bad-request', `${path}: ${typeText(type)} is no array, so it has no element ${index}`);
  const size = sizeOf(array.element);
  if (size === undefined) throw new WorkbenchError('bad-request', `${path}: elements of ${typeText(type)} have no known size`);
  // [0] and [1] at the end of a struct stood for "any number" before C had [].
  if (array.count !== undefined && array.count > 1 && index >= array.count)
    throw new WorkbenchError('bad-request', `${path}: ${typeText(type)} has no element ${index}`);
  return { offset: offset + index * size, type: array.element, size, bitField: undefined };
}
