import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The decisions of docs/adr: one folder per wing, a number that no other decision has, and an index in the README that
 * is written from the files. `npx vitest run test/docs/decisions.test.ts -u` writes the index anew.
 */
const folder = join(import.meta.dirname, '..', '..', 'docs', 'adr');
const readme = join(folder, 'README.md');

/** The wings in the index's order, each with the heading that says what belongs there. */
const wings = {
  'engine-and-keys': 'Engine and keys: the process with the secret key, and what may leave it',
  he: 'Homomorphic encryption: parameters, compiler, programs, bytes',
  evaluator: 'Evaluator: its service, jobs, stored keys and arithmetic',
  workstation: 'Workstation: files, viewer, worklist, settings, network',
  models: 'Models: networks, training, bundles, the input gate',
  project: 'Project: languages, tools, releases',
} as const;
type Wing = keyof typeof wings;

type Decision = { readonly path: string; readonly name: string; readonly text: string };
type Heading = { readonly number: number; readonly title: string; readonly status: string };

const names = (path: string): string[] => readdirSync(path).toSorted();

function decisionsOf(wing: Wing): Decision[] {
  return names(join(folder, wing)).map((name) => ({
    path: `${wing}/${name}`,
    name,
    text: readFileSync(join(folder, wing, name), 'utf8'),
  }));
}

/** Number and title stand in the first line, the status in the third: `# 7. Title`, empty, `**Status:** accepted`. */
function headingOf({ path, text }: Decision): Heading {
  const found = /^# (\d+)\. (.+)\n\n\*\*Status:\*\* (.+)\n/.exec(text);
  if (found === null)
    throw new TypeError(`${path} does not begin with "# number. title", an empty line and "**Status:** …"`);
  return { number: Number(found[1]), title: found[2]!, status: found[3]! };
}

const wingNames = Object.keys(wings) as Wing[];
const decisions = wingNames.flatMap(decisionsOf);

/** The index as it should stand in the README. A `|` in a title would end its cell. */
function index(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const row = (decision: Decision) => {
    const { number, title, status } = headingOf(decision);
    return `| ${number} | [${cell(title)}](${decision.path}) | ${cell(status)} |`;
  };
  return wingNames
    .map((wing) => {
      const rows = decisionsOf(wing).map(row).join('\n');
      return `## ${wings[wing]}\n\n| number | decision | status |\n|---|---|---|\n${rows}\n`;
    })
    .join('\n');
}

/** Why an entry of docs/adr itself is not where it should be, or `null`. */
function strayReason(name: string): string | null {
  if (name === 'README.md' || name in wings) return null;
  const places = wingNames.map((wing) => `docs/adr/${wing}/ (${wings[wing]})`);
  return `docs/adr/${name} belongs into the folder of its wing: ${places.join('; ')}`;
}

describe('decisions', () => {
  it('lie in the folder of their wing, and nothing else lies beside the folders', () => {
    const stray = names(folder).flatMap((name) => strayReason(name) ?? []);
    expect(stray, stray.join('\n')).toEqual([]);
  });

  it('that lie beside the folders are told where they belong', () => {
    expect(strayReason('0099-new.md')).toMatch(/^docs\/adr\/0099-new\.md belongs .* docs\/adr\/evaluator\//);
    expect(strayReason('evaluator')).toBeNull();
  });

  it('have a number that no other decision has, in any folder', () => {
    const numbers = decisions.map((decision) => headingOf(decision).number);
    expect(numbers.filter((number, place) => numbers.indexOf(number) !== place)).toEqual([]);
  });

  it.each(decisions.map((decision) => [decision.path, decision] as const))(
    '%s has its number in its name',
    (_, decision) => {
      const number = String(headingOf(decision).number).padStart(4, '0');
      expect(decision.name).toMatch(new RegExp(`^${number}-[a-z0-9-]+\\.md$`));
    },
  );

  it('stand in the index of the README as their files begin', async () => {
    const text = readFileSync(readme, 'utf8');
    const parts = /^([\s\S]*<!-- index: [^\n]*-->\n)[\s\S]*(<!-- end of index -->[\s\S]*)$/.exec(text);
    expect(parts, 'the README has lost the comments around its index').not.toBeNull();
    await expect(`${parts![1]}\n${index()}\n${parts![2]}`).toMatchFileSnapshot(readme);
  });
});
