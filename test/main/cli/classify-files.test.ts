import { describe, expect, it } from 'vitest';
import { type CodedError, CxrError } from '../../../contract/errors.ts';
import type { AnalysisResult, StageName } from '../../../contract/stages.ts';
import { type Classifier, classifyFiles } from '../../../main/cli/classify-files.ts';
import { summaryLine } from '../../../main/cli/outcome.ts';

const here = import.meta.filename;
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
  const control = { signal: abort.signal, write: (line: string) => lines.push(line) };
  const names = Array.from({ length: files }, () => here);
  return classifyFiles(names, classifier, control).then((outcomes) => ({
    ends: outcomes.map((outcome) => ('error' in outcome ? outcome.error : 'result')),
    ...{ lines, analyses, probes, summary: summaryLine(outcomes) },
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
      '4 files: 0 classified, 1 refused or failed, 3 not tried, because the evaluator was not reached, asked once more for all of them (nothing listens at its address and port)',
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
    const outcomes = await classifyFiles(
      [here, '/no/such/file'],
      {
        evaluator: { embedded: false },
        classify: async () => {
          throw CxrError.from(refused);
        },
        probe: async () => {
          throw CxrError.from(refused);
        },
      },
      { signal: new AbortController().signal, write: () => {} },
    );
    expect(outcomes[1]).toEqual({
      file: '/no/such/file',
      error: { code: 'image-unreadable', detail: { reason: 'ENOENT' } },
    });
  });

  it('counts files that were not begun as cancelled after an interruption', async () => {
    const cancelled: CodedError = { code: 'cancelled', detail: {} };
    const { ends, analyses, summary } = await run(['result', { error: cancelled }], { files: 4 });
    expect([ends, analyses]).toEqual([['result', cancelled, cancelled, cancelled], 2]);
    expect(summary).toBe('4 files: 1 classified, 3 cancelled');
  });
});
