import { describe, expect, it } from 'vitest';
import { type CodedError, CxrError } from '../../../contract/errors.ts';
import { parseDigest } from '../../../contract/ids/digest.ts';
import type { AnalysisResult, StageName } from '../../../contract/stages.ts';
import { type Classifier, classifyFiles } from '../../../main/cli/classify-files.ts';
import { type Outcome, statusOf, summaryLine, summaryOf } from '../../../main/cli/outcome.ts';
import type { Found } from '../../../main/cli/sources/find-images.ts';

const location = { kind: 'file', path: import.meta.filename, inside: [] } as const;
const pixels = parseDigest('0'.repeat(64));
const image = (file: string, isNamed = true): Found => ({ file, isNamed, location, pixels });
const not = (file: string, error: CodedError, isNamed: boolean): Found => ({ file, isNamed, error });
const noDicom: CodedError = { code: 'dicom-not-dicom', detail: {} };
const result = { bytes: { evaluationKeys: 0, sent: 0, received: 0 } } as unknown as AnalysisResult;
const refused: CodedError = { code: 'evaluator-unreachable', detail: { reason: 'connection refused' } };
const crashed: CodedError = { code: 'engine-crashed', detail: {} };

/** What each analysis in turn comes to: a result, or an error after some stages. */
type Step = 'result' | { readonly error: CodedError; readonly after?: readonly StageName[] };

function run(steps: readonly Step[], { embedded = false, answers = false, files = 3 } = {}) {
  const abort = new AbortController();
  const lines: string[] = [];
  let analyses = 0;
  let probes = 0;
  const classifier: Classifier = {
    evaluator: { embedded },
    classify: async (_file, watch) => {
      const step = steps[analyses] ?? 'result';
      analyses += 1;
      if (step === 'result') return result;
      for (const stage of step.after ?? ['reading']) watch?.onProgress?.({ stage, fraction: null });
      if (step.error.code === 'cancelled') abort.abort();
      throw CxrError.from(step.error);
    },
    probe: async () => {
      probes += 1;
      if (!answers) throw CxrError.from(refused);
    },
  };
  const told: Outcome[] = [];
  const control = {
    signal: abort.signal,
    write: (line: string) => lines.push(line),
    tell: (outcome: Outcome) => told.push(outcome),
  };
  const found = Array.from({ length: files }, (_, index) => image(`${index}.dcm`));
  return classifyFiles(found, classifier, control).then((outcomes) => ({
    ends: outcomes.map((outcome) => ('error' in outcome ? outcome.error : 'result')),
    ...{ outcomes, told, lines, analyses, probes, summary: summaryLine(outcomes) },
  }));
}

describe('a run over several files', () => {
  it('begins a file a second time when the engine died over it, and goes on with the others', async () => {
    const { ends, analyses, lines } = await run([{ error: crashed }]);
    expect([ends, analyses]).toEqual([['result', 'result', 'result'], 4]);
    expect(lines).toContain('  engine-crashed: trying this file once more');
    const twice = await run([{ error: crashed }, { error: crashed }]);
    expect(twice.ends).toEqual([crashed, 'result', 'result']);
  });

  it('does not begin one again of which the engine had the evaluator’s answer, nor one that never began', async () => {
    for (const after of [['evaluating', 'receiving'], []] as const) {
      const { ends, analyses } = await run([{ error: crashed, after }]);
      expect([ends, analyses]).toEqual([[crashed, 'result', 'result'], 3]);
    }
  });

  it('asks an evaluator that was not reached once more for all that are left, and says so', async () => {
    const { ends, analyses, probes, summary } = await run([{ error: refused }], { files: 4 });
    const untried = { ...refused, detail: { ...refused.detail, untried: true } };
    expect(ends).toEqual([refused, untried, untried, untried]);
    expect([analyses, probes]).toEqual([1, 1]);
    expect(summary).toBe(
      '4 files: 0 classified, 1 refused or failed, 3 not tried after the evaluator was asked once more for all of them. The evaluator cannot be reached: nothing listens at its address.',
    );
  });

  it('goes on when the evaluator answers then', async () => {
    const { ends, probes } = await run([{ error: refused }], { answers: true });
    expect([ends, probes]).toEqual([[refused, 'result', 'result'], 1]);
  });

  it('begins a file a second time when the evaluator on this machine was gone and is back', async () => {
    const { ends, probes, analyses } = await run([{ error: refused }], { embedded: true, answers: true });
    expect([ends, probes, analyses]).toEqual([['result', 'result', 'result'], 1, 4]);
  });

  it('tells what is wrong with a file itself, whether the evaluator is reached or not', async () => {
    const missing: CodedError = { code: 'file-unreadable', detail: { reason: 'ENOENT' } };
    const fails = async () => {
      throw CxrError.from(refused);
    };
    const outcomes = await classifyFiles(
      [image('a.dcm'), not('/no/such/file', missing, true)],
      { evaluator: { embedded: false }, classify: fails, probe: fails },
      { signal: new AbortController().signal, write: () => {}, tell: () => {} },
    );
    expect(outcomes[1]).toEqual({ file: '/no/such/file', error: missing });
  });

  it('tells each outcome once, when it is known, and names the file as it was found', async () => {
    const { outcomes, told } = await run(['result', { error: crashed }, { error: crashed }]);
    expect(told).toEqual(outcomes);
    expect(told.map(({ file }) => file)).toEqual(['0.dcm', '1.dcm', '2.dcm']);
  });

  it('says that bytes left this machine only when the evaluator is another one', async () => {
    const sent = (lines: readonly string[]) => lines.filter((line) => line.includes(' bytes ('));
    const remote = sent((await run([], { files: 1 })).lines);
    const here = sent((await run([], { files: 1, embedded: true })).lines);
    expect(remote).toEqual(['  left this machine: 0 bytes (keys 0, ciphertext 0); received 0']);
    expect(here).toEqual([
      '  went to the evaluator on this machine: 0 bytes (keys 0, ciphertext 0); received 0',
    ]);
  });

  it('counts files that were not begun as cancelled after an interruption', async () => {
    const cancelled: CodedError = { code: 'cancelled', detail: {} };
    const { ends, analyses, summary } = await run(['result', { error: cancelled }], { files: 4 });
    expect([ends, analyses]).toEqual([['result', cancelled, cancelled, cancelled], 2]);
    expect(summary).toBe('4 files: 1 classified, 3 cancelled');
  });
});

describe('the outcome of a run', () => {
  const ended = (...found: Found[]) =>
    classifyFiles(
      found,
      { evaluator: { embedded: true }, classify: async () => result, probe: async () => {} },
      { signal: new AbortController().signal, write: () => {}, tell: () => {} },
    );

  it('is good when only what lies beside radiographs was skipped', async () => {
    const outcomes = await ended(image('cd/1.dcm', false), not('cd/viewer.exe', noDicom, false));
    expect(outcomes[1]).toEqual({ file: 'cd/viewer.exe', error: noDicom, skipped: true });
    expect(statusOf(outcomes)).toBe(0);
    expect(summaryOf(outcomes)).toMatchObject({ files: 2, classified: 1, skipped: 1, failed: 0 });
  });

  it('is bad when a file was named that is no radiograph, when one is damaged, or when there is none', async () => {
    const damaged: CodedError = { code: 'dicom-truncated', detail: {} };
    expect(statusOf(await ended(image('1.dcm'), not('notes.txt', noDicom, true)))).toBe(1);
    expect(statusOf(await ended(image('cd/1.dcm', false), not('cd/2.dcm', damaged, false)))).toBe(1);
    expect(statusOf(await ended(not('cd/viewer.exe', noDicom, false)))).toBe(1);
  });
});
