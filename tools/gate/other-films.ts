import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Files of the sample collection that show no chest, with what they show; the README files there say where they are from. */
const files: Readonly<Record<string, string>> = {
  'dicom/not-chest/hip_wg04_RG2_RLE.dcm': 'hip',
  'dicom-corpora/gate/hand_CR.dcm': 'hand',
  'dicom-corpora/gate/shoulder_RF.dcm': 'shoulder',
  'dicom-corpora/gate/wholebody_NM.dcm': 'whole body, bone scan',
  'dicom-corpora/gate/cerebrix_SC.dcm': 'brain, MR slice as capture',
  'dicom-corpora/gate/issue140_3x3_OT.dcm': 'ramp of 3 × 3',
  'dicom-corpora/scan/wg04_MR4_JPLY_Se0_and_padFF.dcm': 'MR slice',
  'dicom-corpora/scan/wg04_XA1_JPLY_Se0.dcm': 'angiogram',
  'dicom-corpora/pad/wg04_NM1_JLSN_padFF.dcm': 'bone scan',
  'dicom-corpora/j2k/ELSCINT1_JP2_boxes.dcm': 'CT slice',
  'dicom-corpora/j2k/pydicom_JPEG2000_250bytes.dcm': 'bone scan',
  'dicom/lut/ihe_modalitylut_mlut_18.dcm': 'test pattern',
  'dicom/lut/ihe_voilut_vlut_04.dcm': 'test pattern',
  'dicom-corpora/lut/60_vlut_ok.dcm': 'ramp of 64 × 48',
};

/** Those of them that are here. */
export const otherFilms = (
  samples: string,
): { readonly path: string; readonly name: string; readonly shows: string }[] =>
  Object.entries(files)
    .map(([name, shows]) => ({ path: join(samples, name), name, shows }))
    .filter(({ path }) => existsSync(path));
