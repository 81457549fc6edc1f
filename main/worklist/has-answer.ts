import type { StudyRow } from '../../contract/ipc/worklist.ts';
import type { StageName } from '../../contract/stages.ts';

/**
 * From these stages on the engine has the evaluator's answer. To send the study again by itself could tell it
 * something.
 */
const afterAnswer: ReadonlySet<StageName> = new Set(['receiving', 'decrypting', 'done']);

/** Tells whether the engine had the evaluator's answer to a study's question, by the stages that the study reached. */
export const hasAnswer = ({ seen }: Pick<StudyRow, 'seen'>): boolean =>
  seen.some((stage) => afterAnswer.has(stage));
