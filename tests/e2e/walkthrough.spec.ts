/** Every walkthrough that ships can be taken to its end on the sample, by doing what it asks. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from './harness/test.ts';

interface Tour {
  title: string;
}

const FOLDER = new URL('../../resources/walkthroughs/', import.meta.url);
const TOURS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Tour);

for (const { title } of TOURS) {
  test(`“${title}” starts from nothing and ends`, async ({ host, startPage }) => {
    const { page } = host;
    await startPage.item('Walkthroughs', title).click();
    const strip = page.getByRole('complementary', { name: `Walkthrough: ${title}` });
    await expect(strip).toBeVisible();
    const next = strip.getByRole('button', { name: 'Next' });
    const finish = strip.getByRole('button', { name: 'Finish' });
    for (let step = 1; step <= 40; step++) {
      await expect(strip).toContainText(new RegExp(`^${step} / `));
      const doIt = strip.getByRole('button', { name: 'Do it for me' });
      if (await doIt.isVisible()) {
        await doIt.click();
        await page.keyboard.press('Escape');
        await expect(strip.getByLabel('Done')).toBeVisible();
      }
      await expect(strip).not.toContainText('leads nowhere in this dump');
      if (await finish.isVisible()) break;
      await next.click();
    }
    await finish.click();
    await expect(strip).toHaveCount(0);
  });
}
