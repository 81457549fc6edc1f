import type { Connection, Probe } from '../connection.ts';
import type { CodedError } from '../errors.ts';
import type { AnalysisId } from '../ids/analysis-id.ts';
import type { EngineInput } from '../stages.ts';
import type { AnalysisEvent } from './analysis-event.ts';

/**
 * Messages between a host (command line or Electron main) and the engine process, the only one that holds a secret
 * key. The engine entry is main/engine/index.ts; it speaks over `process.parentPort` (Electron utility process) or over
 * `process.send` (forked Node process, advanced serialisation).
 */
export type EngineCommand =
  /** First message. `bundleRoot` is the folder of bundles, `bundleName` the folder inside it. */
  | {
      readonly kind: 'start';
      readonly bundleRoot: string;
      readonly bundleName: string;
      readonly connection: Connection;
    }
  /** Another evaluator from the next analysis on. */
  | { readonly kind: 'connect'; readonly connection: Connection }
  /** A look at an evaluator, without any analysis. */
  | { readonly kind: 'probe'; readonly probeId: string; readonly connection: Connection }
  | { readonly kind: 'classify'; readonly analysisId: AnalysisId; readonly input: EngineInput }
  | { readonly kind: 'cancel'; readonly analysisId: AnalysisId };

export type EngineEvent =
  | { readonly kind: 'ready'; readonly bundle: { readonly name: string; readonly id: string } }
  /** The engine cannot serve (bundle broken, evaluator URL refused); it stays up to answer commands with this error. */
  | { readonly kind: 'unusable'; readonly error: CodedError }
  /** Keys were generated and the evaluator has the evaluation keys. */
  | { readonly kind: 'key-ready'; readonly keyId: string }
  | { readonly kind: 'probed'; readonly probeId: string; readonly found: Probe | CodedError }
  | AnalysisEvent;
