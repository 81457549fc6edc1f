import { describe, expect, it } from 'vitest';
import type { AnalysisResult } from '../../contract/stages.ts';
import { type Classifier, classifyFiles } from '../../main/cli/classify-files.ts';
import { findImages } from '../../main/cli/sources/find-images.ts';
import { type Incident, sampleStudy, withHeadless } from '../../main/host/headless.ts';

const minutes = 60_000;

describe('a run over several files whose processes are killed', () => {
  it('goes on with new ones: every file is classified, with new keys after the engine’s death', {
    timeout: 8 * minutes,
  }, async () => {
    const incidents: Incident[] = [];
    const lines: string[] = [];
    const tell = (incident: Incident) => incidents.push(incident);
    const outcomes = await withHeadless({ tell }, async (session) => {
      const { engine, evaluator } = session;
      const killed = { engine: engine.pid!, evaluator: evaluator.pid! };
      let analyses = 0;
      const classifier: Classifier = {
        evaluator,
        probe: session.probe,
        classify: (image, watch) => {
          analyses += 1;
          const analysis = analyses;
          return session.classify(image, {
            ...watch,
            onProgress: (progress) => {
              watch?.onProgress?.(progress);
              // The first analysis loses its engine after it has sent keys, the second file's its evaluator.
              if (analysis === 1 && progress.stage === 'sending') process.kill(killed.engine, 'SIGKILL');
              if (analysis === 3 && progress.stage === 'sending' && evaluator.pid === killed.evaluator)
                process.kill(killed.evaluator, 'SIGKILL');
            },
          });
        },
      };
      const signal = new AbortController().signal;
      const control = { signal, write: (line: string) => lines.push(line), tell: () => {} };
      const search = { reader: session.reader, input: process.stdin, signal };
      const found = await findImages([sampleStudy, sampleStudy, sampleStudy], search);
      return classifyFiles(found, classifier, control);
    });
    expect(incidents).toEqual(['engine-crashed', 'evaluator-crashed']);
    expect(lines.join('\n')).toContain('engine-crashed: trying this file once more');
    // Made for the analysis that lost them and for the one in its place, and for no later file.
    expect(lines.filter((line) => line.includes('generating keys, about'))).toHaveLength(2);
    const results = outcomes.map((outcome) => {
      expect(outcome).toHaveProperty('result');
      return (outcome as { result: AnalysisResult }).result;
    });
    const [first, second, third] = results;
    expect([second?.keyId, third?.keyId]).toEqual([first?.keyId, first?.keyId]);
    expect(first?.timesMs.keygen).toBeGreaterThan(0);
    expect([second?.timesMs.keygen, third?.timesMs.keygen]).toEqual([0, 0]);
  });
});
