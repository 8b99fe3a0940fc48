/** `translate --vm`: addresses of a virtual machine in the dump of its host; and `--from hpa`, the other way. */
import { TRANSLATE_LIMIT } from '#shared/contract.ts';
import { formatAddress } from '#shared/address-text.ts';
import type { GuestOwner, GuestTranslation, GuestWalk } from '#shared/model/index.ts';
import type { Workbench } from '#workbench/workbench.ts';
import { addressArgument, countOption, type CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { guestWalkText, memslotText } from '#shared/guest-walk-text.ts';
import { guestWalkJson } from '../guest-walk-json.ts';
import { hex, hexOrNull, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { textTable } from '#shared/text-table.ts';

const SPACES = ['gva', 'gpa', 'hva', 'hpa'] as const;
type Space = (typeof SPACES)[number];
const TITLES: Record<Space, string> = { gva: 'GUEST VIRTUAL', gpa: 'GUEST PHYSICAL', hva: 'HOST VIRTUAL', hpa: 'HOST PHYSICAL' };

export const GUEST_HELP = `  --vm ID          of that virtual machine in the dump of its host (\`vms\` lists them): --from gva, gpa or hva (its process's), --to gpa, hva or hpa (default);
                   --vcpu N or --root GPA choose the guest's tables of a GVA
  --walk           with --vm: every step of both roads, by memslots and by nested tables, and the walk that the CPU does
  --from hpa       the other way: which virtual machines hold this byte of the host, and where`;

/** Whether the command is for a virtual machine of the host that was dumped, not for the dump itself. */
export const isForGuest = ({ options, opening }: CommandContext): boolean => opening.options.vm !== undefined || options['from'] === 'hpa';

/** The host's dump is what is opened: the guest alone does not know its host. */
export async function translateGuest(context: CommandContext, addresses: readonly bigint[]): Promise<number> {
  const { options, opening } = context;
  const from = spaceOption(options, 'from', 'gva');
  for (const name of ['cpu', 'regime', 'mode', 'levels'])
    if (options[name] !== undefined) throw new UsageError(`--${name} is of the host: of a virtual machine --vcpu and --root choose the tables`);
  if (options['vcpu'] !== undefined && options['root'] !== undefined) throw new UsageError('--vcpu and --root exclude each other');
  const to = spaceOption(options, 'to', 'hpa');
  if (from !== 'hpa' && SPACES.indexOf(to) <= SPACES.indexOf(from) && !(from === 'hva' && to === 'gpa'))
    throw new UsageError(`--to ${to}: not a space after ${from}`);
  for (const name of ['vcpu', 'root', 'walk'])
    if (from === 'hpa' && options[name] !== undefined)
      throw new UsageError(`--${name} is not for --from hpa, which tells all addresses of every guest`);
  if (from !== 'gva' && options['root'] !== undefined) throw new UsageError(`--root chooses the tables of a GVA: not with --from ${from}`);
  const root = typeof options['root'] === 'string' ? { root: Number(addressArgument(options['root'])) } : {};
  const vcpu = countOption(options, 'vcpu');
  const { vm, ...hostOptions } = opening.options;
  const { dumpId } = await openDump({ ...context, opening: { ...opening, options: hostOptions } });
  if (from === 'hpa' || vm === undefined) return ownersOf(context, { dumpId, vm, addresses });
  const asked = { dumpId, vm, space: from, ...(vcpu === undefined ? {} : { vcpu }), ...root };
  if (options['walk'] === true) return walkAll(context, asked, addresses);
  const answers: GuestTranslation[] = [];
  for (let at = 0; at < addresses.length; at += TRANSLATE_LIMIT)
    answers.push(...(await context.workbench.translateGuest({ ...asked, addresses: addresses.slice(at, at + TRANSLATE_LIMIT) })));
  context.print(context.json ? toJson(answers.map((answer) => asJson(answer, from))) : asText(answers, from, to));
  return answers.every((answer) => to === 'gva' || answer[to] !== null) ? EXIT.done : EXIT.hole;
}

function spaceOption(options: CommandContext['options'], name: 'from' | 'to', usual: Space): Space {
  const value = options[name] ?? usual;
  const known = SPACES.find((space) => space === value && (name === 'from' || space !== 'gva'));
  if (!known)
    throw new UsageError(
      `--${name}: expected ${SPACES.slice(name === 'from' ? 0 : 1).join(', ')} of a virtual machine, found ${JSON.stringify(value)}`,
    );
  return known;
}

async function walkAll(
  { workbench, json, print }: CommandContext,
  asked: Omit<Parameters<Workbench['walkGuest']>[0], 'address'>,
  addresses: readonly bigint[],
): Promise<number> {
  const walks: GuestWalk[] = [];
  for (const address of addresses) walks.push(await workbench.walkGuest({ ...asked, address }));
  print(json ? toJson(walks.map(guestWalkJson)) : walks.map(guestWalkText).join('\n\n'));
  return walks.every(({ hpa }) => hpa !== null) ? EXIT.done : EXIT.hole;
}

function asJson({ address, gpa, hva, hpa, reason }: GuestTranslation, from: Space): object {
  return { address, ...(from === 'gva' ? { gva: address } : {}), gpa: hexOrNull(gpa), hva: hexOrNull(hva), hpa: hexOrNull(hpa), reason };
}

function asText(answers: readonly GuestTranslation[], from: Space, to: Space): string {
  const shown = SPACES.filter((space) => space !== from && space !== 'gva' && (from === 'hva' || SPACES.indexOf(space) > SPACES.indexOf(from)));
  const columns = shown.filter((space) => SPACES.indexOf(space) <= SPACES.indexOf(to));
  const cell = (value: bigint | number | null | undefined) => (value === null || value === undefined ? '-' : formatAddress(value));
  const rows = answers.map((answer) => [
    formatAddress(answer.address),
    ...columns.map((space) => cell(space === 'gva' ? null : answer[space])),
    answer.reason ?? '',
  ]);
  const right = 'right' as const;
  const titles = [from, ...columns].map((space) => ({ title: TITLES[space], align: right }));
  return textTable(answers.some(({ reason }) => reason !== undefined) ? [...titles, { title: 'REASON' }] : titles, rows);
}

/** Of every machine, or of one. */
async function ownersOf(
  { workbench, json, print, note }: CommandContext,
  { dumpId, vm, addresses }: { dumpId: string; vm: string | undefined; addresses: readonly bigint[] },
): Promise<number> {
  if (vm !== undefined) {
    const { vms } = await workbench.listVms({ dumpId });
    if (!vms.some(({ id }) => id === vm)) throw new UsageError(`--vm ${vm}: there is no such virtual machine; \`vms\` lists them`);
  }
  const found: { address: bigint; owners: GuestOwner[]; problems: string[] }[] = [];
  for (const address of addresses) {
    if (address >= 1n << 52n) throw new UsageError(`${formatAddress(address)} is wider than a physical address (52 bits)`);
    const { owners, problems } = await workbench.findGuestOwners({ dumpId, physical: Number(address) });
    found.push({ address, owners: owners.filter((owner) => vm === undefined || owner.vm === vm), problems });
  }
  if (json) print(toJson(found.map(({ address, owners, problems }) => ({ address, hpa: address, owners: owners.map(ownerJson), problems }))));
  else {
    for (const problem of new Set(found.flatMap(({ problems }) => problems))) note(problem);
    print(ownersText(found));
  }
  return found.every(({ owners }) => owners.length > 0) ? EXIT.done : EXIT.hole;
}

function ownerJson({ gpa, hva, memslot, ...owner }: GuestOwner): object {
  return { ...owner, hva: hex(hva), gpa: hexOrNull(gpa), memslot };
}

function ownersText(found: readonly { address: bigint; owners: GuestOwner[] }[]): string {
  const right = 'right' as const;
  const rows = found.flatMap(({ address, owners }) =>
    owners.length === 0
      ? [[formatAddress(address), '-', '', '-', '-', 'no virtual machine holds it']]
      : owners.map(({ vm, name, hva, gpa, memslot, area }) => [
          formatAddress(address),
          vm,
          name,
          formatAddress(hva),
          gpa === null ? '-' : formatAddress(gpa),
          memslot ? memslotText(memslot) : `memory of its process${area?.name ? `: ${area.name}` : ''}`,
        ]),
  );
  return textTable(
    [
      { title: TITLES.hpa, align: right },
      { title: 'VM', align: right },
      { title: 'PROCESS' },
      { title: TITLES.hva, align: right },
      { title: TITLES.gpa, align: right },
      { title: 'WHAT' },
    ],
    rows,
  );
}
