import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleRoot, type RunningEvaluator, startEmbeddedEvaluator } from '../../main/host/headless.ts';
import { titled } from '../titled.ts';
import { openTroubledEvaluator, type Trouble, type TroubledEvaluator, token } from './troubled-evaluator.ts';
import {
  accessibilityProblems,
  build,
  launch,
  noWindow,
  openPaths,
  profile,
  removeFolders,
  sample,
  studyMs,
  troubles,
  type Window,
} from './window.ts';

/**
 * The window with an evaluator elsewhere that is down, slow, foreign or refusing: each is told by its own message, the
 * study stays in the list, and it is classified when the trouble is over.
 */
describe.skipIf(noWindow !== null)(
  `an evaluator elsewhere${noWindow === null ? '' : ` (skipped: ${noWindow})`}`,
  () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'cipherfilm-e2e-evaluator-'));
    const folders = [dataDir];
    let real: RunningEvaluator;
    let door: TroubledEvaluator;
    let window: Window;

    beforeAll(async () => {
      build();
      real = await startEmbeddedEvaluator({ dataDir, bundleRoot });
      door = await openTroubledEvaluator(real.url);
      folders.push(profile());
      window = await launch(folders[1]!);
    });
    afterAll(async () => {
      await window?.app.close();
      await door?.[Symbol.asyncDispose]();
      await real?.stop();
      removeFolders(...folders);
    });

    const row = () => window.page.getByRole('list', { name: 'Studies' }).getByRole('listitem').first();
    const told = async (text: string | RegExp) => {
      await window.page.getByRole('alert').getByText(text).waitFor({ timeout: studyMs });
      // It was known when the last try was refused.
      expect(Date.now() - door.refusedAt).toBeLessThan(3_000);
      await row().getByText('Not done').waitFor();
      // No study would get through now, a full queue included.
      expect(await window.page.getByText('ready', { exact: true }).count()).toBe(0);
    };

    it('is entered in the settings, and looked at before it is used', { timeout: studyMs }, async () => {
      const { page } = window;
      const settings = page.getByRole('dialog', { name: 'Settings' });
      const test = () => settings.getByRole('button', { name: 'Test the connection' }).click();
      await page.getByText('Evaluator: on this machine.').waitFor();
      await page.getByRole('button', { name: 'Settings' }).click();
      await settings.getByRole('radio', { name: /Elsewhere/ }).check();
      await settings.getByLabel('Address', { exact: true }).fill('http://evaluator.example.org');
      await test();
      await settings.getByText('The configured evaluator address is not usable.').waitFor();
      await settings.getByLabel('Address', { exact: true }).fill(door.url);
      await test();
      await settings.getByText('The evaluator wants an access token, or another one.').waitFor();
      await settings.getByLabel(/^Token/).fill(token);
      await test();
      await settings.getByText('It answers, and offers this model.').waitFor();
      expect(await accessibilityProblems(page)).toEqual([]);
      await settings.getByRole('button', { name: 'Save' }).click();
      await page.getByText(`Evaluator: ${door.url}`).waitFor();
      // The token is nowhere in the profile: this system has no keychain to seal it.
      const written = readdirSync(folders[1]!).filter((name) => name.includes('token'));
      expect(written).toEqual([]);
      door.trouble = 'down';
    });

    it('is named on the screen, and told to be unreachable when it is down', {
      timeout: studyMs,
    }, async () => {
      await window.page.getByText(`Evaluator: ${door.url}`).waitFor();
      await openPaths(window, [sample]);
      await told('The evaluator cannot be reached: the connection was cut.');
    });

    const messages: readonly (readonly [Trouble, string])[] = [
      ['not an evaluator', 'The evaluator answered in a way that was not understood.'],
      ['other bundle', 'The evaluator does not offer this model.'],
      ['refuses keys', 'The evaluator has no room for this workstation at the moment.'],
      ['busy', 'The evaluator is busy.'],
      ['body limit', 'Something between here and the evaluator refuses uploads of this size.'],
    ];
    for (const [trouble, message] of messages) {
      it(`${trouble}: says so, and loses nothing`, { timeout: studyMs }, async () => {
        door.trouble = trouble;
        await window.page.getByRole('button', { name: 'Try again' }).click();
        await told(message);
      });
    }

    it('classifies when the trouble is over, however slow', { timeout: studyMs }, async () => {
      door.trouble = 'slow';
      await window.page.getByRole('button', { name: 'Try again' }).click();
      await row()
        .getByText(/above threshold$/)
        .waitFor({ timeout: studyMs });
      await expect.poll(() => window.page.locator('section[aria-label="Findings"] ul > li').count()).toBe(14);
      expect(await troubles(window)).toEqual([]);
    });

    it('got what the privacy panel says; the result computed here without encryption is the same', {
      timeout: studyMs,
    }, async () => {
      const { page } = window;
      const panel = page.getByRole('region', { name: 'Findings' });
      await panel.getByText(door.url).waitFor();
      await panel.getByText('What left this workstation').waitFor();
      await panel.getByRole('button', { name: /without encryption, here/ }).click();
      const told = await panel.getByText(/no logit differs by more than/).innerText({ timeout: studyMs });
      const difference = Number(/more than\s+([\d.e-]+)/.exec(told)![1]);
      expect(difference).toBeGreaterThan(0);
      expect(difference).toBeLessThan(0.01);
      expect(await troubles(window)).toEqual([]);
    });
  },
);

describe.skipIf(noWindow !== null)(
  titled('an evaluator whose certificate nobody vouches for', noWindow),
  () => {
    let server: Server;
    let window: Window;
    let userData: string;
    let contacted = 0;

    beforeAll(async () => {
      const of = (name: string) => readFileSync(join(import.meta.dirname, '..', 'fixtures', 'tls', name));
      server = createServer(
        { key: of('self-signed.key'), cert: of('self-signed.crt') },
        (_request, answer) => {
          contacted += 1;
          answer.end();
        },
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      userData = profile();
      const policy = join(userData, 'policy.json');
      const { port } = server.address() as AddressInfo;
      writeFileSync(
        policy,
        JSON.stringify({ evaluator: `https://127.0.0.1:${port}`, systemCertificates: true }),
      );
      window = await launch(userData, { CIPHERFILM_POLICY: policy });
    });
    afterAll(async () => {
      await window?.app.close();
      server?.close();
      removeFolders(userData);
    });

    it('that the policy names cannot be changed in the settings', async () => {
      const settings = window.page.getByRole('dialog', { name: 'Settings' });
      await window.page.getByRole('button', { name: 'Settings' }).click();
      await settings.getByText('Some settings are decided by your organisation.').waitFor();
      expect(await settings.getByRole('radio', { name: /On this machine/ }).isDisabled()).toBe(true);
      expect(await settings.getByRole('checkbox', { name: /this system trusts/ }).isDisabled()).toBe(true);
      const reply = await window.page.evaluate('window.cipherfilm.saveSettings({ evaluator: "embedded" })');
      expect(reply).toMatchObject({ ok: false, code: 'setting-locked' });
      await settings.getByRole('button', { name: 'Cancel' }).click();
    });

    it('gets nothing, and the window says why', { timeout: studyMs }, async () => {
      await openPaths(window, [sample]);
      await window.page
        .getByRole('alert')
        .getByText('The evaluator’s certificate is not trusted.')
        .waitFor({ timeout: studyMs });
      expect(contacted).toBe(0);
    });
  },
);
