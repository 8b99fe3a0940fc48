/** A guest's walk for scripts: addresses as 0x strings, walks as `walk --json` has them. */
import type { GuestWalk } from '#shared/model/index.ts';
import { walkJson } from './commands/walk.ts';
import { hexOrNull } from './json.ts';

export function guestWalkJson({
  vm,
  vcpu,
  space,
  address,
  guest,
  gpa,
  memslot,
  hva,
  area,
  host,
  hpa,
  fileOffset,
  page,
  nested,
  ...rest
}: GuestWalk): object {
  const { agreement, twoDimensional } = rest;
  return {
    vm,
    vcpu,
    space,
    address,
    gpa: hexOrNull(gpa),
    hva,
    hpa: hexOrNull(hpa),
    fileOffset: hexOrNull(fileOffset),
    memslot,
    area,
    page,
    agreement,
    ...(guest ? { guest: walkJson(guest) } : {}),
    host: host && walkJson(host),
    nested: nested && walkJson(nested),
    ...(twoDimensional ? { twoDimensional: walkJson(twoDimensional) } : {}),
  };
}
