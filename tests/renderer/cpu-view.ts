import type { CpuPaging, CpuView } from '#shared/model/index.ts';

/** A CPU with as much of it as a test says. */
export function cpuView({ paging, ...rest }: Partial<Omit<CpuView, 'paging'>> & { paging?: Partial<CpuPaging> } = {}): CpuView {
  const { register = 'CR3', mode = 'x86-64-4level', title = '', root = null } = paging ?? {};
  const tables = [{ register, mode, title, root, first: 0n, last: 0xffff_ffff_ffff_ffffn }];
  const regime: CpuPaging = { id: 'cr3', register, mode, title, root, tables, reason: '' };
  return {
    index: 0,
    mode: '',
    pointers: { instruction: 'rip', stack: 'rsp' },
    registers: [],
    segments: [],
    ...rest,
    paging: regime,
    regimes: [regime],
  };
}
