import { type CodedError, CxrError, type ErrorCode } from '../../../contract/errors.ts';
import type { AnalysisId } from '../../../contract/ids/analysis-id.ts';
import { type Digest, parseDigest } from '../../../contract/ids/digest.ts';
import type { Location, Scanned } from '../../../contract/ipc/reader.ts';
import type { StudyRow } from '../../../contract/ipc/worklist.ts';
import type { AnalysisResult, EngineInput, Finding, StageName } from '../../../contract/stages.ts';
import type { WorklistStore } from '../../../main/worklist/store.ts';
import { Worklist, type WorklistEvent } from '../../../main/worklist/worklist.ts';

export type Taken = Extract<Scanned, { kind: 'taken' }>;

export const taken = (
  image: string,
  { study = '1', view = 'PA', modality = 'DX', date = '2024-01-02', patient = 'P1', pixels = 'a' } = {},
): Taken => ({
  kind: 'taken',
  location: { kind: 'file', path: `/films/${image}.dcm`, inside: [] },
  name: `${image}.dcm`,
  pixels: parseDigest(pixels.repeat(64)),
  bytes: 1,
  header: {
    patient: { name: 'Doe, Jane', id: patient, issuer: null, birthDate: null, sex: null, age: null },
    study: { uid: study, date, time: null, accession: null, description: null },
    series: { uid: `${study}.1`, number: 1, description: null, modality },
    image: {
      uid: image,
      number: null,
      view,
      laterality: null,
      date: null,
      time: null,
      rows: 2,
      columns: 2,
      orientation: null,
      spacing: null,
      burnedIn: null,
      lossy: null,
    },
  },
});
export const finding = (probability: number, high: number, claimable = true): Finding =>
  ({
    name: 'Effusion',
    logit: 0,
    probability,
    verdict: 'above',
    low: 0,
    high,
    claimable,
    regions: null,
  }) as Finding;
export const result = (...findings: Finding[]) => ({ findings }) as unknown as AnalysisResult;

/** A worklist whose reader gives the path back and whose engine remembers what it was asked. */
export function workstation(store: WorklistStore | null = null) {
  const asked: { analysisId: AnalysisId; path: string; question: Digest | null }[] = [];
  const turned: boolean[] = [];
  const cancelled: string[] = [];
  const told: WorklistEvent[] = [];
  const unreadable = new Map<string, ErrorCode>();
  const plain: { logits: number[]; probabilities: number[]; failure: ErrorCode | null } = {
    logits: [0.25],
    probabilities: [0.5],
    failure: null,
  };
  const list = new Worklist({
    input: async (location: Location) => {
      const path = location.kind === 'file' ? location.path : '';
      const code = unreadable.get(path);
      if (code !== undefined) throw new CxrError(code);
      return { path } as unknown as EngineInput;
    },
    engine: {
      classify: (analysisId, input, question) => {
        turned.push(input.turnsByPicture === true);
        asked.push({ analysisId, question, path: (input as unknown as { path: string }).path });
      },
      cancel: (analysisId) => cancelled.push(analysisId) > 0,
    },
    recompute: async () => {
      if (plain.failure !== null) throw new CxrError(plain.failure);
      return plain;
    },
    store: store && { store, problem: null },
    tell: (event) => void told.push(event),
  });
  const drop = async (...films: Taken[]) => {
    list.askFor(list.add(films).touched);
    await settled();
  };
  const fail = async (code: ErrorCode, ...stages: StageName[]) => {
    const { analysisId } = asked.at(-1)!;
    for (const stage of stages)
      list.hear({ kind: 'progress', analysisId, progress: { stage, fraction: null } });
    list.hear({ kind: 'failed', analysisId, error: { code, detail: {} } as CodedError });
    await settled();
  };
  const finish = async (...findings: Finding[]) => {
    list.hear({ kind: 'done', analysisId: asked.at(-1)!.analysisId, result: result(...findings) });
    await settled();
  };
  const paths = () => asked.map(({ path }) => path);
  return {
    list,
    asked,
    cancelled,
    told,
    unreadable,
    plain,
    drop,
    fail,
    finish,
    paths,
    /** Whether each film was to be turned as its picture shows. */
    turned: () => turned,
    row: (at = 0): StudyRow => list.rows[at]!,
  };
}
export const settled = () => new Promise((resolve) => setImmediate(resolve));
