import type { ImportFacts, KeyCheck } from '../../../contract/ipc/vault.ts';
import { destroyedKey, keyState, keySummary, retiredKey } from '../../renderer/key-states.ts';
import { readyStatus } from '../../renderer/study-rows.ts';
import { type Act, click, emptyScene, type Scenes } from './scenes.ts';
import type { Scene } from './stage.ts';

/** Scenes of the dialog about keys. */
const passphrase = 'violet anvil drizzle cathode';
const key = keySummary();
const full = keyState({ keys: [key, retiredKey()], destroyed: [destroyedKey()] });
const keyed = (keys: Scene['keys'] = {}, state = full): Scene => ({
  ...emptyScene,
  keys: {
    state,
    judge: { score: 4, expected: 3 },
    suggest: { passphrase: 'lunar oxygen cabin pistol tribe salad' },
    ...keys,
  },
});

const open: Act = click('Keys');
/** One thing after the other. */
const steps =
  (...acts: readonly Act[]): Act =>
  async (stage) => {
    for (const act of acts) await act(stage);
  };
/** Opens the dialog and one of its tasks, then does the rest. */
const task = (name: string, ...rest: readonly Act[]): Act => steps(open, click(name), ...rest);
const sees =
  (text: string | RegExp): Act =>
  ({ page }) =>
    page.getByRole('dialog').getByText(text).first().waitFor();
const fill =
  (label: string, value: string): Act =>
  ({ page }) =>
    page.getByLabel(label, { exact: true }).fill(value);
const passphraseTwice = steps(
  fill('Passphrase', passphrase),
  fill('The same again', passphrase),
  sees('Very hard to guess'),
);

const chooseKey: Act = async ({ page }) => {
  await page.getByLabel('Which key').selectOption(key.fingerprint);
};

const forColleagues: Act = async ({ page }) => {
  await page.getByRole('radio', { name: /Two of several colleagues/ }).check();
  await page.getByLabel('How many colleagues').selectOption('4');
};

const incoming: ImportFacts = {
  key: { ...retiredKey(), fingerprint: '9e1d'.repeat(16), label: 'Ward' },
  parametersMatch: true,
  replaces: key,
  isKnown: false,
  counted: null,
  sealing: 'passphrase',
};
const changed = keyState({
  keys: [keySummary({ ...incoming.key, state: 'active' }), keySummary({ state: 'retired' })],
});
const checked: KeyCheck = {
  fingerprint: key.fingerprint,
  evaluator: 'http://127.0.0.1:40000',
  difference: 0.0004,
  limit: 0.02,
  matches: true,
};
const lockedStatus = {
  ...readyStatus,
  standing: { kind: 'trouble', error: { code: 'key-locked', detail: {} } } as const,
};
const locked = (opensWith: readonly ('system' | 'passphrase')[], keys: Scene['keys'] = {}): Scene => ({
  ...keyed(keys, keyState({ locked: true, keys: [], opensWith })),
  status: lockedStatus,
});
const unlock = click('Unlock the keys');

/** Scenes by name, and what has to be done to get to each. */
export const keyScenes: Scenes = {
  keys: { scene: keyed(), act: steps(open, sees('amber bridge')) },
  'keys, the others shown': {
    scene: keyed(),
    act: async (stage) => {
      await open(stage);
      await stage.page.getByText('Earlier keys (1)').click();
      await stage.page.getByText('Destroyed keys (1)').click();
    },
  },
  'keys, a change is due': {
    scene: {
      ...keyed({}, keyState({ kept: false, opensWith: [], keys: [{ ...key, due: 'age' }] })),
      status: { ...readyStatus, opensItself: 'nothing', opensWith: [] },
    },
    act: steps(open, sees('This key should be changed now.')),
  },
  'keys, none': {
    scene: keyed({}, keyState({ keys: [], destroyed: [destroyedKey()] })),
    act: steps(open, sees('No key is in use.')),
  },
  'keys, not made yet': {
    scene: keyed({}, keyState({ keys: [] })),
    act: steps(open, sees('No key yet.')),
  },
  'keys, making one': {
    scene: keyed({ create: 'pending' }, keyState({ keys: [] })),
    act: task(
      'Make a key',
      fill('Name, if you like', 'Room 3'),
      click('Make the key'),
      sees('Making the key'),
    ),
  },
  'keys, cannot be opened': {
    scene: keyed({ state: { code: 'key-vault', detail: {} } }),
    act: steps(open, sees('The keys of this workstation cannot be opened.')),
  },
  'keys, locked': { scene: locked(['system', 'passphrase']), act: unlock },
  'keys, locked by the keychain': { scene: locked(['system']), act: unlock },
  'keys, unlock refused': {
    scene: locked(['passphrase'], { unlock: { code: 'key-passphrase', detail: {} } }),
    act: steps(unlock, fill('Passphrase', passphrase), click('Unlock'), sees('The passphrase does not fit.')),
  },
  'keys, locked here': {
    scene: { ...locked(['system']), status: { ...lockedStatus, lock: 'locked' } },
    act: steps(unlock, sees('The keys were locked here.')),
  },
  'keys, begin again': {
    scene: locked(['passphrase']),
    act: steps(unlock, click('Begin again…'), sees('Results in the list stay.')),
  },
  'keys, begun again': {
    scene: locked(['passphrase']),
    act: async (stage) => {
      await steps(unlock, click('Begin again…'))(stage);
      stage.change(keyed({}, keyState({ keys: [], setAside: ['keys-set-aside-2026-11-28.key'] })));
      await steps(
        click('Set them aside and begin again'),
        sees('The keys that did not open are set aside.'),
      )(stage);
    },
  },
  'keys, no keychain': {
    scene: {
      ...keyed({}, keyState({ kept: false, opensWith: [] })),
      status: { ...readyStatus, opensItself: 'nothing', opensWith: [] },
    },
    act: task('What opens the keys', sees('This system has no keychain.')),
  },
  'keys, back up': { scene: keyed(), act: task('Back up', passphraseTwice) },
  'keys, a weak passphrase': {
    scene: keyed({ judge: { score: 1, expected: 3 } }),
    act: task('Back up', fill('Passphrase', 'password'), sees('Easily guessed. Add words.')),
  },
  'keys, a drawn passphrase': {
    scene: keyed(),
    act: task('Back up', click('Draw one'), sees('Very hard to guess')),
  },
  'keys, backed up': {
    scene: keyed({ recovery: { fingerprint: key.fingerprint } }),
    act: task('Back up', passphraseTwice, click('Save the sheet…'), sees('The recovery sheet is saved.')),
  },
  'keys, back up for colleagues': {
    scene: keyed(),
    act: task('Back up', forColleagues, sees('With 4, 2 pages may be lost')),
  },
  'keys, backed up for colleagues': {
    scene: keyed({ export: { fingerprint: key.fingerprint, bytes: 60_000 } }),
    act: task('Back up', forColleagues, click('Save 4 pages…'), sees('4 pages are saved.')),
  },
  'keys, share with addresses': {
    scene: keyed({ export: { code: 'key-address', detail: { index: 1 } } }),
    act: task(
      'Move or share',
      ({ page }) => page.getByRole('radio', { name: /Certain workstations/ }).check(),
      fill('Addresses, one a line; those of workstations begin with age1pq1', 'age1pq1qne\nage1tw0'),
      click('Save the key file for 2 workstations…'),
      sees('This one cannot be used: age1tw0'),
    ),
  },
  'keys, shared': {
    scene: keyed({ export: { fingerprint: key.fingerprint, bytes: 700 } }),
    act: task('Move or share', passphraseTwice, click('Save the key file…'), sees('The key file is saved.')),
  },
  'keys, take in': {
    scene: keyed({ address: { address: `age1pq1${'q3z'.repeat(600)}` } }),
    act: task('Take in a key', click('Show the address'), sees(/age1pq1q3z/)),
  },
  'keys, passphrase of a file refused': {
    scene: keyed({ inspect: { code: 'key-passphrase', detail: {} } }),
    act: task(
      'Take in a key',
      click('Choose the file…'),
      fill('Passphrase of the file', passphrase),
      click('Open the file'),
      sees('The passphrase does not fit.'),
    ),
  },
  'keys, one page of several': {
    scene: keyed({ inspect: { code: 'key-share-missing', detail: { number: 3, of: 4 } } }),
    act: task('Take in a key', click('Choose the file…'), sees('choose page 1, 2 or 4 too')),
  },
  'keys, a key to compare': {
    scene: keyed({ inspect: incoming }),
    act: task('Take in a key', click('Choose the file…'), sees('garden hollow')),
  },
  'keys, a key of another model': {
    scene: keyed({ inspect: { ...incoming, parametersMatch: false } }),
    act: task(
      'Take in a key',
      click('Choose the file…'),
      sees('The key in this file belongs to another model.'),
    ),
  },
  'keys, taken in': {
    scene: keyed({ inspect: incoming, import: full }),
    act: task(
      'Take in a key',
      click('Choose the file…'),
      click('The words are the same: take it in'),
      sees('is in use now.'),
    ),
  },
  'keys, changing': {
    scene: keyed({ rotate: 'pending' }),
    act: task('Change the key', click('Change the key now'), sees('Making the new key'), ({ tell }) =>
      tell({ kind: 'keys-progress', fraction: 0.4 }),
    ),
  },
  'keys, changed': {
    scene: keyed({
      rotate: changed,
    }),
    act: task('Change the key', click('Change the key now'), sees('The new key is in use')),
  },
  'keys, check passed': {
    scene: keyed({ verify: checked }),
    act: task('Check the key', click('Check now'), sees('The key fits')),
  },
  'keys, check failed': {
    scene: keyed({ verify: { ...checked, matches: false, difference: 3.2 } }),
    act: task('Check the key', click('Check now'), sees('The key does not fit')),
  },
  'keys, protect': {
    scene: keyed(),
    act: task('What opens the keys', ({ page }) =>
      page.getByRole('radio', { name: /With a passphrase only/ }).check(),
    ),
  },
  'keys, destroy': {
    scene: keyed({
      destroy: {
        proof: {
          format: 'cipherfilm-destruction/1',
          ...destroyedKey(),
          vaultBefore: 'a'.repeat(64),
          vaultAfter: 'b'.repeat(64),
          evaluatorTold: false,
        },
        state: keyState({ keys: [retiredKey()], destroyed: [destroyedKey()] }),
      },
    }),
    act: task('Destroy a key', chooseKey),
  },
};
