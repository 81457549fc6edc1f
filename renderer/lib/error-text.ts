import type { CodedError, ErrorCode } from '../../contract/errors.ts';
import { type ErrorText, keyErrorTexts, support } from './key-error-text.ts';

const resend = 'Choose Try again. If it happens twice, tell whoever runs the evaluator.';

/** One text per code of contract/errors.ts; a test compares the two lists. */
export const errorTexts: Readonly<Record<ErrorCode, ErrorText>> = {
  'dicom-not-dicom': {
    title: 'This is not a DICOM file.',
    advice: 'Export the image as DICOM from the PACS and drop that file. PNG and JPEG pictures are not read.',
  },
  'dicom-truncated': {
    title: 'The file ends too early.',
    advice: 'The copy or transfer was cut short. Export or copy it again.',
  },
  'dicom-no-pixels': {
    title: 'The file holds no image.',
    advice: 'It may be a report, a presentation state or a DICOMDIR. Drop the image file of the study.',
  },
  'dicom-transfer-syntax': {
    title: 'The image is compressed in a way that is not read yet.',
    advice:
      'Export it uncompressed (Explicit or Implicit VR Little Endian), or as JPEG, JPEG-LS, JPEG 2000 or RLE.',
  },
  'dicom-unsupported': {
    title: 'This kind of image is not supported.',
    advice: 'A single grayscale frame of 8 or 16 bits is expected: one radiograph, no colour, no cine loop.',
  },
  'dicom-too-large': {
    title: 'The image is larger than this program accepts.',
    advice: 'The limit is 64 million pixels. The file’s header may also be damaged: export it again.',
  },
  'dicom-pixels': {
    title: 'The image data contradict the file’s own header.',
    advice: 'The image could be shown wrongly, so it is not shown. Export it again from the PACS.',
  },
  'dicom-not-radiograph': {
    title: 'The file is not a radiograph.',
    advice: 'It is of another kind (CT, MR, ultrasound, …). Open it in a viewer for that kind.',
  },
  'dicom-duplicate': {
    title: 'The same image is there already.',
    advice: 'Nothing needs to be done: the first copy was taken.',
  },
  'dicom-uid-taken': {
    title: 'Another image with the same identifier is there already.',
    advice:
      'Its pixels differ, so it was not taken: a result must not stand beside another image. To read it, remove the study from the list and open this file alone.',
  },
  'file-unreadable': {
    title: 'The file cannot be read.',
    advice:
      'It may have been moved, or you may lack the permission. Put it where you can open it and drop it again.',
  },
  'archive-unreadable': {
    title: 'The zip archive cannot be read.',
    advice: 'It is damaged or packed in an unusual way. Unpack it and drop the folder.',
  },
  'archive-encrypted': {
    title: 'The zip archive is protected by a password.',
    advice: 'Unpack it with its password and drop the folder.',
  },
  'archive-too-large': {
    title: 'There are more files, or larger ones, than can be taken at once.',
    advice: 'Drop the study’s own folder instead of the whole disk.',
  },
  'reader-crashed': {
    title: 'The image reader stopped unexpectedly over this file.',
    advice:
      'Nothing was sent, and all other files are read as usual. Export the image anew. If that does not help, tell whoever looks after this installation.',
  },
  'file-too-slow': {
    title: 'Reading this file took too long.',
    advice:
      'It was given up so that the others need not wait. If it lies on the network, copy it to this machine; else export the image anew, uncompressed if possible.',
  },
  'file-too-costly': {
    title: 'Reading this file takes more memory than any radiograph needs.',
    advice:
      'It was given up so that the others can be read. Export the image anew, uncompressed if possible.',
  },
  'image-unreadable': {
    title: 'The image could not be decoded.',
    advice: 'Export it again, uncompressed if possible.',
  },
  'latent-shape': {
    title: 'The encoder gave a result of the wrong size.',
    advice: `The model on this machine does not fit the program. ${support}`,
  },
  'input-view': {
    title: 'The file says that it is not a frontal chest radiograph.',
    advice: 'Choose the frontal (PA or AP) image of the study. Nothing was sent.',
  },
  'input-unlike-chest': {
    title: 'The image does not look like a frontal chest radiograph.',
    advice:
      'The model knows nothing about other images, so it gives no result. Check that the film is not turned, cut or inverted. Nothing was sent.',
  },
  'latent-range': {
    title: 'The encoder’s result lies outside what may be encrypted.',
    advice:
      'The image is unlike the ones the model was made for. Check that it is a frontal chest radiograph.',
  },
  'params-insecure': { title: 'The encryption parameters are too weak.', advice: support },
  'params-invalid': { title: 'The encryption parameters are not valid.', advice: support },
  'graph-invalid': { title: 'The model’s network is not valid.', advice: support },
  'graph-unsupported': { title: 'The model’s network uses something not supported.', advice: support },
  'graph-imprecise': {
    title: 'The model’s network is not precise enough under encryption.',
    advice: support,
  },
  'graph-too-deep': { title: 'The model’s network is too deep for its encryption.', advice: support },
  'bundle-missing': {
    title: 'The model is not installed.',
    advice: 'Install the model bundle, or reinstall the program.',
  },
  'bundle-invalid': {
    title: 'The installed model cannot be opened.',
    advice: 'Reinstall the model bundle.',
  },
  'bundle-digest': {
    title: 'The installed model has been altered.',
    advice: 'Its files differ from their digests, so it is not used. Reinstall the model bundle.',
  },
  'bundle-unknown': {
    title: 'The evaluator does not offer this model.',
    advice: 'The installed model is older or newer than the evaluator’s. Update the one that is behind.',
  },
  'frame-malformed': { title: 'A message was not understood.', advice: resend },
  'frame-truncated': { title: 'A message arrived incomplete.', advice: resend },
  'frame-too-large': { title: 'A message was larger than allowed.', advice: resend },
  'frame-digest': { title: 'A message was damaged on the way.', advice: resend },
  'frame-foreign': { title: 'A message belongs to another model or key.', advice: resend },
  'frame-replayed': {
    title: 'The evaluator has already seen this exact message.',
    advice: 'Choose Try again: the image is encrypted anew every time.',
  },
  'ciphertext-invalid': { title: 'A ciphertext was not valid.', advice: resend },
  'evaluation-key-missing': {
    title: 'The evaluator no longer has this workstation’s evaluation keys.',
    advice: 'Choose Try again: the keys are sent again.',
  },
  'evaluation-key-invalid': { title: 'The evaluator refused the evaluation keys.', advice: resend },
  'result-foreign': {
    title: 'The answer belongs to another analysis.',
    advice: `It was discarded. Do not rely on this evaluator until it has been checked. ${support}`,
  },
  'result-invalid': { title: 'The answer was not a valid ciphertext.', advice: resend },
  'result-range': {
    title: 'The decrypted answer is not plausible.',
    advice: `It was discarded and nothing was told to the evaluator. ${support}`,
  },
  'job-unknown': { title: 'The evaluator has forgotten the job.', advice: resend },
  'job-cancelled': {
    title: 'The evaluator cancelled the job.',
    advice: 'Choose Try again when the evaluator is free.',
  },
  'job-failed': { title: 'The evaluator could not finish the job.', advice: resend },
  'job-not-ready': { title: 'The result was not ready in time.', advice: resend },
  'queue-full': {
    title: 'The evaluator is busy.',
    advice: 'Its queue is full. Wait a few minutes and choose Try again.',
  },
  'quota-exceeded': {
    title: 'The evaluator has no room for this workstation’s keys.',
    advice: 'Ask whoever runs the evaluator to raise the quota or remove old keys.',
  },
  'request-invalid': {
    title: 'The request was refused.',
    advice: 'The file may be larger than 256 MB. Otherwise restart the program.',
  },
  'evaluator-unreachable': {
    title: 'The evaluator cannot be reached.',
    advice: 'Check the network and the evaluator’s address, then try again.',
  },
  'evaluator-protocol': {
    title: 'The evaluator answered in a way that was not understood.',
    advice: 'The address may point to something else, or its version differs. Check both.',
  },
  'worklist-newer': {
    title: 'The list of studies was written by a newer version of this program.',
    advice: 'It is left as it is, and nothing is kept in this run. Install the newer version again.',
  },
  'worklist-damaged': {
    title: 'The list of studies on disk was damaged.',
    advice:
      'It was set aside and a new list was begun. Drop the films again; the films themselves are not lost.',
  },
  'worklist-sealed': {
    title: 'The list of studies cannot be opened with this keychain.',
    advice:
      'The keychain was reset, or another one is in use. The list was set aside and a new one was begun. Drop the films again.',
  },
  'worklist-unwritable': {
    title: 'The list of studies cannot be saved.',
    advice:
      'The disk may be full or read-only. Until that is mended, the list is lost when the program ends.',
  },
  'data-folder-in-use': {
    title: 'Another evaluator uses the same data folder.',
    advice: 'Close the other Cipherfilm, or give each evaluator a folder of its own.',
  },
  'evaluator-url': {
    title: 'The configured evaluator address is not usable.',
    advice:
      'Correct it in the settings. It starts with https://, and has no user name and no question mark in it.',
  },
  'evaluator-certificate': {
    title: 'The evaluator’s certificate is not trusted.',
    advice:
      'Nothing was sent. Tell whoever runs the evaluator, or add your hospital’s certificate authority in the settings.',
  },
  'evaluator-proxy': {
    title: 'The proxy did not let the connection through.',
    advice:
      'Correct the proxy in the settings, or ask whoever runs the network. SOCKS proxies are not supported.',
  },
  'evaluator-unauthorised': {
    title: 'The evaluator wants an access token, or another one.',
    advice: 'Enter in the settings the token that you were given by whoever runs the evaluator.',
  },
  'evaluator-body-limit': {
    title: 'Something between here and the evaluator refuses uploads of this size.',
    advice:
      'A proxy in front of the evaluator limits requests, and the evaluation keys are larger. Tell whoever runs it, then choose Try again.',
  },
  'setting-locked': {
    title: 'This setting is decided elsewhere.',
    advice:
      'The policy of this workstation, its command line or its environment says so. Ask whoever runs it.',
  },
  'setting-invalid': {
    title: 'A setting cannot be used.',
    advice: 'The file that it names is missing or cannot be read. Choose it again in the settings.',
  },
  ...keyErrorTexts,
  cancelled: { title: 'Cancelled.', advice: 'Choose Try again to start over.' },
  'engine-crashed': {
    title: 'The encryption engine stopped unexpectedly.',
    advice: 'It has been restarted with new keys. Choose Try again.',
  },
  internal: { title: 'Something went wrong inside the program.', advice: `Restart it. ${support}` },
};

/** The code and its detail in one line, for a support call; detail holds sizes and tags only (contract/errors.ts). */
export function technicalLine({ code, detail }: CodedError): string {
  const parts = Object.entries(detail).map(([name, value]) => `${name} ${String(value)}`);
  return [code, ...parts].join(' · ');
}
