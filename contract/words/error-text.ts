import type { CodedError, ErrorCode } from '../errors.ts';
import { exchangeTexts } from './exchange-text.ts';

/**
 * What happened, and what the person at the workstation can do about it. The window and the command line show the same
 * text, so it names no button, and does not say how a file came to the program.
 */
export type ErrorText = { readonly title: string; readonly advice: string };

/** What to do where nobody at the workstation can mend it. */
export const support = 'Note the code below and tell whoever looks after this installation.';
const resend = 'Try again. If it happens twice, tell whoever runs the evaluator.';

/** One text per code of contract/errors.ts; a test compares the two lists. */
export const errorTexts: Readonly<Record<ErrorCode, ErrorText>> = {
  'dicom-not-dicom': {
    title: 'This is not a DICOM file.',
    advice: 'Export the image as DICOM from the PACS and open that file. PNG and JPEG pictures are not read.',
  },
  'dicom-malformed': {
    title: 'The file’s header cannot be read.',
    advice:
      'It is a DICOM file, but not written as the standard asks, from the byte named below on. Export it again from the PACS, where possible with another transfer syntax.',
  },
  'dicom-truncated': {
    title: 'The file ends too early.',
    advice: 'The copy or transfer was cut short. Export or copy it again.',
  },
  'dicom-no-pixels': {
    title: 'The file holds no image.',
    advice: 'It may be a report, a presentation state or a DICOMDIR. Open the image file of the study.',
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
    advice:
      'The limits are 64 million pixels, and 256 MiB for a file. The file’s header may also be damaged: export it again.',
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
      'Its pixels or their polarity differ, so it was not taken: a result must not stand beside another image. To have it read, open this file alone, where the other image is not in the list.',
  },
  'dicom-unwritable': {
    title: 'The result cannot be written as DICOM into the study of this image.',
    advice:
      'The image names its study, patient or itself in a way that DICOM does not allow. Send the image’s study to the PACS again and export it from there, or take another form of result.',
  },
  'file-unreadable': {
    title: 'The file cannot be read.',
    advice:
      'It may have been moved, or you may lack the permission. Put it where you can open it and try again.',
  },
  'nothing-found': {
    title: 'No file was found there.',
    advice: 'Check how it is spelt. A folder or an archive must hold at least one file.',
  },
  'archive-unreadable': {
    title: 'The zip archive cannot be read.',
    advice: 'It is damaged or packed in an unusual way. Unpack it and open the folder.',
  },
  'archive-encrypted': {
    title: 'The zip archive is protected by a password.',
    advice: 'Unpack it with its password and open the folder.',
  },
  'archive-too-large': {
    title: 'There are more files, or larger ones, than can be taken at once.',
    advice: 'Open the study’s own folder instead of the whole disk.',
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
  'input-raw': {
    title: 'The file holds what the detector measured, not the picture that was made of it.',
    advice:
      'Choose the image of the study that is meant for reading (Presentation Intent FOR PRESENTATION). Nothing was sent.',
  },
  'input-infant': {
    title: 'The patient is less than two years old.',
    advice: 'The model has seen no films of children so young, so it gives no result. Nothing was sent.',
  },
  'input-size': {
    title: 'The image is too small for a result.',
    advice: 'Choose the film itself and not a preview of it. Nothing was sent.',
  },
  'input-exposure': {
    title: 'The film’s grey levels show too little.',
    advice: 'Have the film exported with the window with which it is read. Nothing was sent.',
  },
  'input-turned': {
    title: 'The film does not lie upright.',
    advice: 'Turn the film where it is stored and load it again. Nothing was sent.',
  },
  'input-part': {
    title: 'The image shows only a part of a chest.',
    advice:
      'The model needs both lungs from top to bottom. Choose the whole film and not a part of it. Nothing was sent.',
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
    advice: 'Try again: the image is encrypted anew every time.',
  },
  'ciphertext-invalid': { title: 'A ciphertext was not valid.', advice: resend },
  'evaluation-key-missing': {
    title: 'The evaluator no longer has this workstation’s evaluation keys.',
    advice: 'Try again: the keys are sent again.',
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
    advice: 'Try again when the evaluator is free.',
  },
  'job-failed': { title: 'The evaluator could not finish the job.', advice: resend },
  'job-not-ready': { title: 'The result was not ready in time.', advice: resend },
  'queue-full': {
    title: 'The evaluator is busy.',
    advice: 'Its queue is full. Wait a few minutes and try again.',
  },
  'quota-exceeded': {
    title: 'The evaluator has no room for this workstation at the moment.',
    advice:
      'Try again in a few minutes. If it goes on, ask whoever runs the evaluator to raise the quota or remove old keys.',
  },
  'storage-full': {
    title: 'The evaluator’s disk is full.',
    advice:
      'Nothing is lost: what was accepted goes on once there is room. Tell whoever runs the evaluator, then try again.',
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
      'It was set aside and a new list was begun. Open the films again; the films themselves are not lost.',
  },
  'worklist-sealed': {
    title: 'The list of studies cannot be opened with this keychain.',
    advice:
      'The keychain was reset, or another one is in use. The list was set aside and a new one was begun. Open the films again.',
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
  'folder-unusable': {
    title: 'A folder that the program needs cannot be used.',
    advice:
      'The line below names the folder and the reason. Free space, correct its permissions, or choose another.',
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
    advice: 'Put the token that whoever runs the evaluator gave you into the settings.',
  },
  'evaluator-body-limit': {
    title: 'Something between here and the evaluator refuses uploads of this size.',
    advice:
      'A proxy in front of the evaluator limits requests, and the evaluation keys are larger. Tell whoever runs it, then try again.',
  },
  ...exchangeTexts,
  'setting-locked': {
    title: 'This setting is decided elsewhere.',
    advice:
      'The policy of this workstation, its command line or its environment says so. Leave your own value out, or ask whoever runs it.',
  },
  'setting-invalid': {
    title: 'A setting cannot be used.',
    advice: 'The file that it names is missing or cannot be read. Choose it again in the settings.',
  },
  'key-none': {
    title: 'This workstation has no key.',
    advice: 'Make one, or take in one that another workstation or a recovery sheet holds.',
  },
  'key-spent': {
    title: 'This key has decrypted as many results as it may.',
    advice: 'Change it for a new one, under Keys. Results that are there already stay.',
  },
  'key-mismatch': {
    title: 'The file holds another key than the one that was looked at.',
    advice: 'It was exchanged meanwhile. Look at the file again and compare the six words.',
  },
  'key-file-parameters': {
    title: 'The key in this file belongs to another model.',
    advice:
      'Install the model that the other workstation uses, or export a key there that was made for this one.',
  },
  'key-unknown': {
    title: 'This key is not on this workstation.',
    advice: 'Compare its six words with the list of keys. It may have been destroyed.',
  },
  'key-locked': {
    title: 'The keys are locked.',
    advice: `Unlock them under Keys. Studies that came meanwhile wait for them. ${support}`,
  },
  'key-passphrase': {
    title: 'The passphrase does not fit.',
    advice: 'Enter it again; capital letters and spaces count. A lost passphrase cannot be recovered.',
  },
  'key-passphrase-weak': {
    title: 'The passphrase is too easy to guess.',
    advice: 'Choose four or more words that do not belong together.',
  },
  'key-file-foreign': {
    title: 'This file is not a key.',
    advice:
      'Choose the file that the other workstation wrote, the page of a recovery sheet, or a text file with the whole text that stands on one.',
  },
  'key-file-version': {
    title: 'This key file was written by a newer version of the program.',
    advice: 'Ask whoever looks after this workstation to update it.',
  },
  'key-file-altered': {
    title: 'The key file is damaged, or somebody altered it.',
    advice:
      'The key was not taken in. Have the file sent again, as an attachment; from paper, scan the code or copy the text once more.',
  },
  'key-file-costly': {
    title: 'Checking the passphrase of this file would take too long.',
    advice: 'Close other programs and try again. If it still fails, have the key exported again.',
  },
  'key-file-recipient': {
    title: 'This key was sent to another workstation.',
    advice: 'Send this workstation’s address to whoever has the key, and have it exported again.',
  },
  'key-share-missing': {
    title: 'This is one page of a key that several colleagues hold; one more page is needed.',
    advice: 'Ask another of them, whoever is at hand, and choose that page too.',
  },
  'key-share-same': {
    title: 'This is the same page twice.',
    advice: 'Choose the page of another colleague. The number stands at the top of each page.',
  },
  'key-share-foreign': {
    title: 'These files do not belong together.',
    advice: 'Choose two pages with the same words of the set, which stand at the top of each page.',
  },
  'key-address': {
    title: 'An address cannot be used.',
    advice:
      'Copy the whole address from the other workstation. It begins with age1pq1. Addresses of other programs (age1…) do not go into one file with it.',
  },
  'key-vault': {
    title: 'The keys of this workstation cannot be opened.',
    advice: `Their file is damaged, or the system’s keychain was reset. Nothing was deleted. ${support}`,
  },
  'key-vault-busy': {
    title: 'Another window of the program is changing the keys.',
    advice: 'Wait a moment and try again. If it goes on, close the other window.',
  },
  'key-unsaved': {
    title: 'It could not be saved.',
    advice: `The keys are as they were before. The disk may be full or write-protected, or the folder is not there. ${support}`,
  },
  'key-crypto': {
    title: 'The encryption of this installation does not work as it must.',
    advice: `Nothing is encrypted with it. Reinstall the program. ${support}`,
  },
  cancelled: { title: 'Cancelled.', advice: 'Try again to start over.' },
  'engine-crashed': {
    title: 'The encryption engine stopped unexpectedly.',
    advice: 'It has been restarted. Try again.',
  },
  internal: { title: 'Something went wrong inside the program.', advice: `Restart it. ${support}` },
};

/** The code and its detail in one line, for a support call; detail holds sizes and tags only (contract/errors.ts). */
export function technicalLine({ code, detail }: CodedError): string {
  const parts = Object.entries(detail).map(([name, value]) => `${name} ${String(value)}`);
  return [code, ...parts].join(' · ');
}
