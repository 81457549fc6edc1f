import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const entries = read('docs/glossary.md')
  .split(/\n(?=- \*\*)/)
  .slice(1);
const termOf = (entry: string): string => /^- \*\*(.+?)\*\*/.exec(entry)?.[1] ?? '';
const pathsIn = (entry: string): string[] => [...entry.matchAll(/`([^`\s]+\.ts)`/g)].map(([, path]) => path!);

describe('the glossary', () => {
  it('is in alphabetical order, each term once', () => {
    const terms = entries.map((entry) => termOf(entry).toLowerCase());
    expect(terms.length).toBeGreaterThan(40);
    expect(terms).toEqual([...new Set(terms)].sort());
  });

  it('names for each term a file that exists', () => {
    const lost = entries.filter(
      (entry) => pathsIn(entry).length === 0 || !pathsIn(entry).every((path) => existsSync(join(root, path))),
    );
    expect(lost.map(termOf)).toEqual([]);
  });

  it('is linked from where a newcomer begins', () => {
    expect(read('README.md')).toContain('(docs/glossary.md)');
    expect(read('CONTRIBUTING.md')).toContain('(docs/glossary.md)');
    expect(read('docs/architecture.md')).toContain('(glossary.md)');
  });
});
