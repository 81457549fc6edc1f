import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'jpeg-js';
import { dicomBytes, type Field } from '../test/dicom/dicom-bytes.ts';
import { build, launch, openPaths, profile, root, sample, studyMs, type Window } from '../test/e2e/window.ts';

/**
 * Writes every screen into docs/screenshots/dark and docs/screenshots/light, one folder per theme, from the
 * radiographs that the repository ships under made-up names: `npm run screenshots`. It needs what the tests of the
 * window need (CONTRIBUTING.md).
 */
const folder = join(root, 'docs', 'screenshots');
const themes = ['dark', 'light'] as const;
const films = mkdtempSync(join(tmpdir(), 'cipherfilm-screens-'));
const userData = profile();

const people = [
  { file: '00001405_000', name: 'Example^Ada', id: 'EX-1001', date: '20240212', sex: 'F', birth: '19610314' },
  { file: '00001862_003', name: 'Example^Ben', id: 'EX-1002', date: '20240213', sex: 'M', birth: '19550702' },
  { file: '00002264_000', name: 'Example^Ben', id: 'EX-1002', date: '20230105', sex: 'M', birth: '19550702' },
  {
    file: '00002613_001',
    name: 'Example^Cleo',
    id: 'EX-1003',
    date: '20240214',
    sex: 'F',
    birth: '19780121',
  },
] as const;

/** A small radiograph as a DX file of a study of its own. */
function film({ file, name, id, date, sex, birth }: (typeof people)[number], number: number): Uint8Array {
  const { width, height, data } = decode(
    readFileSync(join(root, 'test', 'fixtures', 'parity', file, 'radiograph.jpg')),
    { useTArray: true },
  );
  const pixels = Array.from({ length: width * height }, (_, index) => data[4 * index]! * 16);
  const fields: readonly Field[] = [
    ['00080018', 'UI', `1.2.826.0.1.3680043.10.1.${number}.1.1`],
    ['0020000d', 'UI', `1.2.826.0.1.3680043.10.1.${number}`],
    ['0020000e', 'UI', `1.2.826.0.1.3680043.10.1.${number}.1`],
    ['00080020', 'DA', date],
    ['00080060', 'CS', 'DX'],
    ['00081030', 'LO', 'Chest PA'],
    ['00100010', 'PN', name],
    ['00100020', 'LO', id],
    ['00100030', 'DA', birth],
    ['00100040', 'CS', sex],
    ['00185101', 'CS', 'PA'],
    ['00280010', 'US', [height]],
    ['00280011', 'US', [width]],
  ];
  return dicomBytes(pixels, Object.fromEntries(fields.map((field) => [field[0], field])));
}

async function shoot({ page }: Window, name: string): Promise<void> {
  const now = await page.evaluate('document.documentElement.dataset.theme');
  for (const theme of themes) {
    await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
    await page.screenshot({ path: join(folder, theme, `${name}.png`) });
  }
  await page.evaluate(`document.documentElement.dataset.theme = '${now}'`);
}

async function screens(window: Window): Promise<void> {
  const { page } = window;
  const rows = page.getByRole('list', { name: 'Studies' }).getByRole('listitem');
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const closed = async () => {
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };
  await page.getByText(/^ready · /).waitFor({ timeout: 60_000 });
  await shoot(window, 'empty');

  people.forEach((person, index) => {
    writeFileSync(join(films, `${person.file}.dcm`), film(person, index + 1));
  });
  writeFileSync(join(films, 'report.txt'), 'no radiograph');
  await openPaths(window, [films, sample]);
  await rows.nth(4).waitFor({ timeout: 60_000 });
  await page.getByText('What was skipped and why').click();
  await page.locator('canvas[data-painter]').waitFor();
  await rows.getByText(/Make keys|Send evaluation keys|Evaluate/).waitFor({ timeout: studyMs });
  await shoot(window, 'progress');
  await button('Dismiss').click();

  const done = rows.getByText(/^(Done|Above threshold.*)$/);
  while ((await done.count()) < 5) await done.nth(await done.count()).waitFor({ timeout: studyMs });
  await rows.filter({ hasText: '0000' }).getByRole('button').first().click();
  await page.locator('section[aria-label="Findings"] ul > li').first().waitFor();
  await page.mouse.move(5, 5);
  await shoot(window, 'result');

  await button('Infiltration').click();
  await page.keyboard.press('Escape');
  await page.locator('h2', { hasText: 'Findings' }).click();
  await page.keyboard.press('e');
  await page.getByText('It is no outline of a finding').waitFor();
  await shoot(window, 'evidence');
  await page.keyboard.press('e');
  await button('Infiltration').click();

  await page.getByText('Input: accepted').click();
  await button(/without encryption, here/).click();
  await page.getByText(/no logit differs by more than/).waitFor({ timeout: studyMs });
  await button(/Compare again/).scrollIntoViewIfNeeded();
  await shoot(window, 'privacy');

  await rows
    .filter({ hasText: 'Example, Ben' })
    .filter({ hasText: '2024' })
    .getByRole('button')
    .first()
    .click();
  await page.locator('h2', { hasText: 'Findings' }).click();
  await page.keyboard.press('b');
  await page.locator('canvas[data-painter]').nth(1).waitFor();
  await shoot(window, 'prior');
  await page.keyboard.press('b');
  await page.keyboard.press('x');
  await shoot(window, 'patient-hidden');
  await page.keyboard.press('x');

  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await shoot(window, 'keys-and-mouse');
  await closed();
  await button('Your own grayscales').click();
  await page.getByRole('dialog').waitFor();
  await shoot(window, 'grayscales');
  await closed();

  await button('Settings').click();
  await page.getByRole('radio', { name: /Elsewhere/ }).check();
  await page.getByLabel('Address', { exact: true }).fill('https://evaluator.invalid');
  await button('Test the connection').click();
  await page.getByText(/^The evaluator cannot be reached/).waitFor({ timeout: 60_000 });
  await shoot(window, 'settings');
  await closed();
}

for (const theme of themes) mkdirSync(join(folder, theme), { recursive: true });
build();
const window = await launch(userData);
try {
  await window.page.setViewportSize({ width: 1500, height: 940 });
  await screens(window);
} finally {
  await window.app.close();
  for (const made of [films, userData]) rmSync(made, { recursive: true, force: true });
}
