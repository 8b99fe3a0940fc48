/**
 * The machines panel on the lab's KVM host: what the window says of both guests, against what the monitors of their QEMU processes and the guests themselves said before the host was dumped.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Workbench } from '#workbench/workbench.ts';
import { groupedHex } from '#shared/address-text.ts';
import { ensureBuilt } from '../../scripts/prepare.mjs';
import { startServer } from '../../src/main/server/server.ts';
import { workbenchOfTests } from '../contract/workbench-of-tests.ts';
import { Machines } from '../e2e/pages/machines.ts';
import { Shell } from '../e2e/pages/shell.ts';
import { launchChromium } from '../hosts/desktop-app.ts';
import { kvmGuests, labFile, labFolder } from './lab-guest.ts';
import { readMarks, type Mark } from './marks.ts';

const folder = labFolder();
const HOST = labFile('kvm-host', 'paging-off.elf');
const GUESTS = kvmGuests();
const monitorOf = (name: string): string => readFileSync(labFile('kvm-host', `guests/${name}-monitor.txt`), 'latin1');

/** Stretches of guest-physical memory that QEMU gave to KVM, out of `info mtree -f`: those that system memory shows. */
function kvmRanges(monitor: string): string[] {
  const view = /AS "memory", root: system[\s\S]*?\n\s*\n/.exec(monitor)?.[0] ?? '';
  return [...view.matchAll(/^\s+([0-9a-f]{16})-([0-9a-f]{16}) \(prio \d+, r[ao]m\).* KVM\r?$/gm)].map(
    ([, first, last]) => `${groupedHex(BigInt(`0x${first}`), 12)} – ${groupedHex(BigInt(`0x${last}`), 12)}`,
  );
}

let workbench: Workbench;
let browser: Browser;
let server: Awaited<ReturnType<typeof startServer>>;
let page: Page;
let machines: Machines;
const complaints: string[] = [];

beforeAll(async () => {
  ensureBuilt();
  workbench = await workbenchOfTests('server', folder);
  server = await startServer({ workbench, rendererFolder: path.resolve('out/renderer') });
  await workbench.openDump({ location: { kind: 'path', path: HOST }, jobId: 'open' });
  browser = await launchChromium();
  page = await browser.newPage({ viewport: { width: 2000, height: 1300 } });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(server.url);
  machines = new Machines(page);
  await machines.show();
  await machines.list.waitFor();
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await workbench.dispose();
});

/** A mark in memory of a process, and the top table of that process. */
async function smallMark(vm: string, name: string): Promise<Mark & { root: number }> {
  const { dumpId } = await workbench.openDump({ location: { kind: 'path', path: HOST }, jobId: `open-${vm}`, options: { vm } });
  const { tasks } = await workbench.listLinuxTasks({ dumpId });
  const [process] = readMarks('kvm-host', `guests/${name}-serial.txt`);
  const mark = process!.marks.find(({ kind }) => kind === 'small')!;
  return { ...mark, root: tasks.find(({ pid }) => pid === process!.pid)!.root! };
}

const withoutSpaces = (text: string): string => text.replaceAll(/\s/g, '');

describe.each(GUESTS)('$name of the KVM host, in the window', ({ vm, name }) => {
  it('is listed, found both ways, with memslots where QEMU said and nothing odd', async () => {
    await machines.choose(vm);
    await machines.tab('Memslots');
    await expect
      .poll(() => machines.head.innerText())
      .toMatch(new RegExp(`${name}[\\s\\S]*PID ${vm} · 112 MiB[\\s\\S]*-enable-kvm[\\s\\S]*both ways`));
    expect(await machines.problems.count()).toBe(0);
    const rows = machines.slots.locator('tbody tr');
    await expect
      .poll(async () => {
        const cells = await Promise.all((await rows.all()).map((row) => row.locator('td').allInnerTexts()));
        const shown = cells.filter(([space]) => space === '0').map(([, , guest = '']) => guest);
        return shown.map((text) => text.replaceAll('GPA', ' ').trim().replaceAll(/\s+/g, ' '));
      })
      .toEqual(kvmRanges(monitorOf(name)));
  });

  it('has bands that the arrow keys go through, each with its row', async () => {
    await machines.tab('Memslots');
    await machines.rulers.focus();
    await page.keyboard.press('End');
    const row = machines.slots.locator('tr.lit');
    await expect.poll(() => row.innerText()).toMatch(/fffc 0000[\s\S]*read-only/);
    await page.keyboard.press('Home');
    await expect.poll(() => row.innerText()).toMatch(/0000 0000 0000[\s\S]*780 KiB/);
    const option = await machines.rulers.getAttribute('aria-activedescendant');
    expect(await page.locator(`[id="${option}"]`).getAttribute('aria-label')).toContain('195 pages');
    await page.keyboard.press('Escape');
    expect(await row.count()).toBe(0);
  });

  it('has the vCPUs that its monitor showed', async () => {
    await machines.tab('vCPUs');
    const shown = await machines.vcpus.locator('tbody tr').allInnerTexts();
    const monitor = [...monitorOf(name).matchAll(/RIP=([0-9a-f]{16})[\s\S]*?CR3=([0-9a-f]{16})/g)].map(([, rip, cr3]) => [rip!, cr3!.slice(4)]);
    expect(shown).toHaveLength(monitor.length);
    for (const [index, [rip, cr3]] of monitor.entries()) {
      expect(withoutSpaces(shown[index]!)).toContain(rip);
      expect(withoutSpaces(shown[index]!)).toContain(cr3);
    }
  });

  it('leads from a marked address through all four spaces by two roads, which agree, to the text that the guest wrote', async () => {
    const mark = await smallMark(vm, name);
    await machines.follow('gva', mark.address.toString(16), mark.root.toString(16));
    await expect.poll(() => machines.roads.innerText()).toContain('They agree.');
    expect(await machines.stops('GVA')).toEqual([mark.address.toString(16)]);
    expect(await machines.stops('GPA')).toEqual([mark.physical!.toString(16), mark.physical!.toString(16)]);
    expect(await machines.stops('HVA')).toHaveLength(1);
    const [memslots, nested, ...more] = await machines.stops('HPA');
    expect([nested, more]).toEqual([memslots, []]);

    await machines.roads.getByRole('button', { name: /^NPT/ }).click();
    const leg = machines.panel.getByRole('region', { name: 'NPT' });
    await expect.poll(() => leg.getByRole('table', { name: /bytes at physical/ }).innerText()).toContain(mark.text!.slice(0, 12));
    expect(await machines.panel.getByRole('region', { name: 'At the end of the way' }).innerText()).toMatch(/Area[\s\S]*rw-p[\s\S]*struct page/);
  });

  it('has every access of both stages, which are stepped through one by one', async () => {
    const mark = await smallMark(vm, name);
    const { dumpId } = (await workbench.listDumps()).find(({ options }) => options.vm === undefined)!;
    const { twoDimensional } = await workbench.walkGuest({ dumpId, vm, root: mark.root, space: 'gva', address: mark.address });
    const below = [...twoDimensional!.steps.map((step) => step.below), twoDimensional!.result.below];
    // 24 where the nested tables have pages of 4 KiB; the lab's host has huge ones, which take a level less.
    const count = below.reduce((sum, walk) => sum + walk!.steps.length, twoDimensional!.steps.length);
    expect(count).toBeGreaterThanOrEqual(19);

    await machines.follow('gva', mark.address.toString(16), mark.root.toString(16));
    await machines.roads.getByRole('button', { name: `All ${count} accesses` }).click();
    const leg = machines.panel.getByRole('region', { name: `All ${count} accesses`, exact: true });
    await leg
      .getByRole('button', { name: 'First step' })
      .or(leg.getByRole('button', { name: 'Step forward' }))
      .first()
      .waitFor();
    const spoken = leg.locator('[aria-live="polite"]').first();
    const seen = new Set<string>();
    for (let step = 1; step <= count; step++) {
      await expect.poll(() => spoken.innerText()).toMatch(new RegExp(`^Step ${step} of ${count + 1},`));
      seen.add(await leg.locator('.nested-grid [aria-current="step"]').innerText());
      await leg.getByRole('button', { name: 'Step forward' }).click();
    }
    expect(seen.size).toBe(count);
    await expect.poll(() => spoken.innerText()).toContain(`Step ${count + 1} of ${count + 1}, Page`);
  });

  it('is named by the menu of its page in the host', async () => {
    const mark = await smallMark(vm, name);
    await machines.follow('gpa', mark.physical!.toString(16));
    await expect.poll(() => machines.roads.innerText()).toContain('They agree.');
    await machines.roads.getByRole('button', { name: /^HPA/ }).first().click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Which guest?' }).click();
    const card = machines.panel.getByRole('region', { name: 'Which guest' });
    await expect.poll(() => card.innerText()).toContain(`Guest ${vm}`);
    expect(withoutSpaces(await card.innerText())).toContain(mark.physical!.toString(16).padStart(12, '0'));
    await card.getByRole('button', { name: 'Close the answer' }).click();
    expect(await card.count()).toBe(0);
  });

  it('opens as a dump of its own below its host, with its registers, and leads back', async () => {
    const shell = new Shell(page);
    await machines.head.getByRole('button', { name: 'Open the guest' }).click();
    await expect.poll(() => page.title()).toBe(`${name} (${vm}) in paging-off.elf — vmcore-workbench`);
    await shell.panel('Overview').waitFor();
    const [, rip] = /RIP=([0-9a-f]{16})/.exec(monitorOf(name))!;
    await expect.poll(async () => withoutSpaces(await shell.panel('Registers').innerText())).toContain(rip);

    await shell.dumpSwitcher.click();
    const items = page.getByRole('menu').getByRole('menuitemradio');
    const titles = await items.locator('.title').allInnerTexts();
    expect(titles[0]).toBe('paging-off.elf');
    expect(await items.filter({ hasText: `${name} (${vm})` }).getAttribute('class')).toContain('nested');
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Back to the host of this guest' }).click();
    await expect.poll(() => page.title()).toBe('paging-off.elf — vmcore-workbench');
    await expect.poll(() => machines.head.innerText()).toContain(`PID ${vm}`);
  });

  it('has addresses that can be followed out of it to the host', async () => {
    const shell = new Shell(page);
    await machines.head.getByRole('button', { name: 'Open the guest' }).click();
    await expect.poll(() => page.title()).toContain(`${name} (${vm}) in`);
    const row = shell
      .panel('Registers')
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name: 'RIP', exact: true }) });
    const rip = row.getByRole('button', { name: /^GVA/ });
    const address = withoutSpaces(await rip.innerText()).replace('GVA', '');
    await rip.click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Follow it to the host' }).click();
    await expect.poll(() => page.title()).toBe('paging-off.elf — vmcore-workbench');
    await expect.poll(() => machines.roads.innerText()).toContain('They agree.');
    expect(await machines.stops('GVA')).toEqual([address]);
    expect(await machines.stops('HPA')).toHaveLength(2);
  });
});

it('the page logged no error', () => expect(complaints).toEqual([]));
