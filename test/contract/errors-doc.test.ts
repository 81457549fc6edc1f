import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../contract/errors.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'errors.md'), 'utf8');
const sections = text
  .split(/^## /m)
  .slice(1)
  .map((section) => ({ code: section.split('\n', 1)[0]!.trim(), body: section }));
const parts = ['Message', 'Context', 'Cause', 'Fix'];

describe('docs/errors.md', () => {
  it('has one section for every code and no other, in the order of the list', () => {
    const codes = sections.map(({ code }) => code);
    expect(codes, 'a section of docs/errors.md for each code of contract/errors.ts').toEqual([...errorCodes]);
  });

  it.each(sections)('says message, context, cause and fix of $code', ({ body }) => {
    const found = [...body.matchAll(/^\*\*(\w+)\.\*\* +\S/gm)].map(([, part]) => part);
    expect(found).toEqual(parts);
  });
});
