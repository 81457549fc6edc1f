import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSourceImage } from '../../../dicom/source-image.ts';
import { verifyAuditLog } from '../../../main/audit/verify-log.ts';
import { withTemporaryFolder } from '../../../main/files/temporary-folder.ts';
import { sampleStudy } from '../../../main/host/headless.ts';
import { errorsOf, noValidators } from '../../dicom/objects/validators.ts';
import { titled } from '../../titled.ts';
import { cipherfilmIn, whyNoModel } from './cipherfilm.ts';

describe.skipIf(whyNoModel !== null)(titled('a film on its way to a report', whyNoModel), () => {
  it(
    'is classified under encryption and exported into its study, and that is recorded',
    {
      timeout: 180_000,
    },
    () =>
      withTemporaryFolder('cipherfilm-export-', async (folder) => {
        const [out, data] = [join(folder, 'out'), join(folder, 'data')];
        const args = ['classify', sampleStudy, '--data', data, '--export', out, '--json'];
        const { code, stdout, stderr } = await cipherfilmIn({}, args);
        expect(code, stderr).toBe(0);
        const [{ result, exported }] = JSON.parse(stdout).analyses;
        const stem = `cipherfilm-${result.jobId}`;
        expect(exported).toEqual([`${stem}-sr.dcm`, `${stem}-sc.dcm`, `${stem}-pdf.pdf`]);
        expect(readdirSync(out).sort()).toEqual(
          [...exported, `${stem}-findings.csv`, `${stem}-findings.json`].sort(),
        );
        const film = readSourceImage(readFileSync(sampleStudy));
        for (const name of exported.slice(0, 2)) {
          const written = readFileSync(join(out, name));
          expect(readSourceImage(written)).toMatchObject({
            patient: film.patient,
            study: { uid: film.study.uid },
          });
          if (noValidators === null) expect(await errorsOf(written), name).toEqual([]);
        }
        const { rows } = JSON.parse(readFileSync(join(out, `${stem}-findings.json`), 'utf8'));
        expect(rows.map(({ finding }: { finding: string }) => finding)).toEqual(
          result.findings.map(({ name }: { name: string }) => name),
        );
        expect(verifyAuditLog(join(data, 'audit'))).toEqual({ entries: 1, first: 1, broken: null });
      }),
  );
});
