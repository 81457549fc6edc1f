import { CxrError } from '../../contract/errors.ts';
import type { SourceImage } from '../../contract/image/source-image.ts';
import type { AnalysisResult } from '../../contract/stages.ts';
import { derivedUid } from '../dataset/write/derived-uid.ts';
import type { InstanceReference } from './content-items.ts';

/** What every object is made of. */
export type Report = {
  readonly source: SourceImage;
  readonly result: AnalysisResult;
  /**
   * When the result was there. It must be kept with the result, so that an object that is made a second time has the same
   * bytes under the same name.
   */
  readonly at: Date;
  /** What about the film makes its result weaker (contract/words/cautions.ts). */
  readonly cautions: readonly string[];
  /** The version of the program. */
  readonly version: string;
  /** What was done to make the report anonymous; null for a report that names its patient. */
  readonly deidentified: Deidentified | null;
};

/** How identity was taken out, as the object itself has to say (PS3.15 E.1.1). */
export type Deidentified = { readonly dates: 'removed' | 'shifted' };

/** The kinds of objects, each in a series of its own. */
export type ObjectKind = 'sr' | 'sc';

/** The names of an object and of its series. */
export type OwnUids = { readonly series: string; readonly instance: string };

/**
 * Names an object of a result. The name is made of the study, the image, the model, and the digest of the encrypted question,
 * which no other analysis has: the same result always gives the same names, and a second analysis of an image gives others.
 *
 * @throws CxrError 'dicom-unwritable' for an image without a name.
 */
export function ownUids(kind: ObjectKind, { source, result }: Report): OwnUids {
  const { study, image } = namesOf(source);
  const parts = [study, image.uid, result.bundle.id, result.digests.sent, kind];
  return { series: derivedUid('series', ...parts), instance: derivedUid('instance', ...parts) };
}

/** The names by which an archive knows an image. */
export type SourceNames = {
  readonly study: string;
  readonly series: string;
  readonly image: InstanceReference;
};

/** The names of the image that a report is about. @throws CxrError 'dicom-unwritable' where the file has none. */
export function namesOf({ study, image }: SourceImage): SourceNames {
  return {
    study: stated(study.uid, '0020000d'),
    series: stated(image.seriesUid, '0020000e'),
    image: { sopClass: stated(image.sopClass, '00080016'), uid: stated(image.uid, '00080018') },
  };
}

function stated(uid: string | null, tag: string): string {
  if (uid === null) throw new CxrError('dicom-unwritable', { tag, reason: 'absent' });
  return uid;
}
