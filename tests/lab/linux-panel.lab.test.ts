/** The Linux panel on the lab's KVM host: what the window says of a QEMU process, against that system's /proc at the same moment. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Workbench } from '#workbench/workbench.ts';
import { groupedHex } from '#shared/address-text.ts';
import { ensureBuilt } from '../../scripts/prepare.mjs';
import { startServer } from '../../src/main/server/server.ts';
import { workbenchOfTests } from '../contract/workbench-of-tests.ts';
import { LinuxPanel } from '../e2e/pages/linux.ts';
import { LocationBar } from '../e2e/pages/location-bar.ts';
import { launchChromium } from '../hosts/desktop-app.ts';
import { kvmGuests, LAB, labFile, labFolder } from './lab-guest.ts';

const folder = labFolder();
const guests = path.join(LAB, 'kvm-host/guests');
const text = (name: string): string => readFileSync(path.join(guests, name), 'latin1');
const pids = kvmGuests().map(({ vm }) => vm);

let workbench: Workbench;
let browser: Browser;
let server: Awaited<ReturnType<typeof startServer>>;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  ensureBuilt();
  workbench = await workbenchOfTests('server', folder);
  server = await startServer({ workbench, rendererFolder: path.resolve('out/renderer') });
  await workbench.openDump({ location: { kind: 'path', path: labFile('kvm-host', 'paging-off.elf') }, jobId: 'open' });
  browser = await launchChromium();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(server.url);
  await page.getByRole('button', { name: 'What its kernel tells' }).click();
  await new LinuxPanel(page).log.waitFor();
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await workbench.dispose();
});

/** Waits until the element holds the text: the page answers when it can. */
async function holds(element: { innerText(): Promise<string> }, wanted: string | RegExp): Promise<void> {
  await expect.poll(() => element.innerText(), { timeout: 20_000 }).toMatch(wanted);
}

describe.each(pids)('QEMU process %s of the KVM host, in the window', (pid) => {
  it('has the areas, files and memory that its /proc had', async () => {
    const linux = new LinuxPanel(page);
    const task = await linux.openTask(Number(pid));
    await holds(task.getByRole('region', { name: 'Command line' }), /-enable-kvm/);

    // The page that system calls once went through is no area of the process.
    const maps = text(`maps-${pid}.txt`)
      .split('\n')
      .filter((line) => line !== '' && !line.includes('[vsyscall]'));
    await holds(task.getByRole('tab', { name: /^Memory/ }), new RegExp(`${maps.length}$`));
    const [first] = /^[0-9a-f]+/.exec(maps[0]!)!;
    await holds(task.getByRole('grid', { name: 'Memory areas' }).getByRole('row').nth(1), groupedHex(BigInt(`0x${first}`), 16));

    await task.getByRole('tab', { name: /^Files/ }).click();
    await holds(task.getByRole('grid', { name: 'Open files' }), '/dev/kvm');

    // A page of the guest's memory is in the frame that the host's pagemap said.
    await task.getByRole('button', { name: 'Use its page tables' }).click();
    const pairs = [...text(`hostmap-${pid}.txt`).matchAll(/ hva=([0-9a-f]+) hpa=([0-9a-f]+)$/gm)];
    expect(pairs.length).toBeGreaterThan(100);
    for (const [, virtual, physical] of [pairs[0]!, pairs[pairs.length >> 1]!, pairs.at(-1)!]) {
      await new LocationBar(page).goTo(`gva:${virtual!}`);
      await holds(page.locator('.memory-status'), groupedHex(BigInt(`0x${physical!}`), 12));
    }
    await task.getByRole('button', { name: 'Back to the tasks' }).click();
    expect(complaints).toEqual([]);
  });
});
