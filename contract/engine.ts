import type { CodedError } from './errors.ts';
import type { StudyEvent } from './study-event.ts';

/**
 * Messages between a host (command line or Electron main) and the engine process, the only one that holds a secret
 * key. The engine entry is main/engine.ts; it speaks over `process.parentPort` (Electron utility process) or over
 * `process.send` (forked Node process, advanced serialisation).
 */
export type EngineCommand =
  /** First message. `bundleRoot` is the folder of bundles, `bundleName` the folder inside it. */
  | {
      readonly kind: 'start';
      readonly bundleRoot: string;
      readonly bundleName: string;
      readonly evaluatorUrl: string;
      readonly embedded: boolean;
    }
  | { readonly kind: 'classify'; readonly studyId: string; readonly bytes: Uint8Array }
  | { readonly kind: 'cancel'; readonly studyId: string };

export type EngineEvent =
  | { readonly kind: 'ready'; readonly bundle: { readonly name: string; readonly id: string } }
  /** The engine cannot serve (bundle broken, evaluator URL refused); it stays up to answer commands with this error. */
  | { readonly kind: 'unusable'; readonly error: CodedError }
  /** Keys were generated and the evaluator has the evaluation keys. */
  | { readonly kind: 'key-ready'; readonly keyId: string }
  | StudyEvent;
