import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pdfReport } from '../../../main/export/pdf-report.ts';
import { withTemporaryFolder } from '../../../main/files/temporary-folder.ts';
import { reportWith, result, source } from '../../dicom/objects/reports.ts';
import { findProgram } from '../../programs.ts';
import { titled } from '../../titled.ts';

const film = { rows: 400, columns: 300, pixels: new Uint8Array(120_000).fill(99) };
const reason = findProgram('pdftotext') === null ? 'pdftotext not installed' : null;
/** The words of a page as another program reads them. */
const wordsOf = (pdf: Uint8Array): Promise<string> =>
  withTemporaryFolder('cipherfilm-pdf-', async (folder) => {
    const path = join(folder, 'report.pdf');
    writeFileSync(path, pdf);
    return spawnSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' }).stdout;
  });

describe('a PDF report', () => {
  it('is a PDF with an end', async () => {
    const text = Buffer.from(await pdfReport(reportWith(), film)).toString('latin1');
    expect(text).toMatch(/^%PDF-1\.7/);
    expect(text).toMatch(/%%EOF\s*$/);
  });

  it.skipIf(reason !== null)(titled('says what the window says, on one page', reason), async () => {
    const words = await wordsOf(await pdfReport(reportWith(), film));
    expect(words).toContain('Research use only. Not a medical device.');
    expect(words).toContain('Patient: Müller Åsa');
    expect(words).toMatch(/PLANTED-ID-4711 +born: 3 Feb 1951 +sex: F/);
    expect(words).toMatch(/Effusion\s+51 %\s+12 % and 46 %\s+above the threshold/);
    expect(words).toMatch(
      /Pleural thickening\s+3\.1 %\s+12 % and 46 %\s+below the threshold, not the same as absent/,
    );
    expect(words).toMatch(/Hernia\s+not assessed/);
    for (const id of [result.bundle.id, result.keyId, result.jobId]) expect(words).toContain(id);
    expect(words.split('\f').filter((page) => page.trim() !== '')).toHaveLength(1);
  });

  it.skipIf(reason !== null)(titled('says so of a name that it cannot print', reason), async () => {
    const named = { ...source, patient: { ...source.patient, name: '山田^太郎' } };
    const words = await wordsOf(await pdfReport(reportWith({ source: named }), film));
    expect(words).toContain('Patient: ?? ?? (has letters that this page cannot print)');
  });

  it.skipIf(reason !== null)(
    titled('needs another page for many findings, and loses none', reason),
    async () => {
      const many = Array.from({ length: 60 }, (_, index) => ({
        ...result.findings[0]!,
        name: `Finding_${index}`,
      }));
      const words = await wordsOf(
        await pdfReport(reportWith({ result: { ...result, findings: many } }), film),
      );
      expect(words.split('\f').filter((page) => page.trim() !== '')).toHaveLength(2);
      for (const { name } of many) expect(words).toMatch(new RegExp(`${name.replace('_', ' ')}\\s+51 %`));
    },
  );
});
