import { CxrError } from '../../../contract/errors.ts';
import type { Doubt } from '../../../contract/image/doubt.ts';
import type { StatedContent } from '../../../contract/image/stated-content.ts';
import type { RadiographFacts } from '../../../contract/stages.ts';

/** Modalities of chest films: CR, DX, and digitised film (RG). `file` is that of an image that is no DICOM file. */
const chestModalities = new Set(['CR', 'DX', 'RG', 'file']);
/** Modalities that may hold one: fluoroscopy units, secondary captures, prints, and files that do not say. */
const possibleModalities = new Set(['RF', 'OT', 'SC', 'XC', 'HC', 'unknown']);
/** View positions of laterals and obliques (PS3.3 C.8.7.1.1, C.8.11.5.1.1); the model has seen frontal films only. */
const otherViews = new Set(['LL', 'RL', 'RLD', 'LLD', 'RLO', 'LLO', 'LAT', 'LATERAL']);
/** Parts of the body whose films show the chest too, if not as chest films do. */
const nearChest = new Set(['RIB', 'RIBS']);

/**
 * Refuses what the header says is no frontal chest film of somebody of two years or more, made for looking at.
 *
 * @returns what the header leaves in doubt.
 * @throws  CxrError `input-view`, `input-raw`, `input-infant`.
 */
export function checkStated(facts: RadiographFacts, content: StatedContent): Doubt[] {
  const { modality, viewPosition } = facts;
  const { bodyPart, side } = content;
  if (!chestModalities.has(modality) && !possibleModalities.has(modality))
    throw new CxrError('input-view', { modality });
  if (viewPosition !== null && otherViews.has(viewPosition))
    throw new CxrError('input-view', { viewPosition });
  const isNear = bodyPart !== null && nearChest.has(bodyPart);
  if (bodyPart !== null && bodyPart !== 'CHEST' && !isNear) throw new CxrError('input-view', { bodyPart });
  if (content.isRaw) throw new CxrError('input-raw');
  // None of the training films is of a younger child.
  if (content.isInfant) throw new CxrError('input-infant');
  return [
    ...(chestModalities.has(modality) ? [] : [{ kind: 'modality', modality } as const]),
    ...(isNear ? [{ kind: 'body-part', bodyPart } as const] : []),
    ...(side === null ? [] : [{ kind: 'side', side } as const]),
  ];
}
