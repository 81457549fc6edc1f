/**
 * The words for what goes wrong between this workstation and a hospital's archives: exports, and DICOM over the network. They
 * belong to `errorTexts`.
 */
export const exchangeTexts = {
  'export-unwritable': {
    title: 'A result could not be saved.',
    advice: 'The disk may be full or the folder write-protected. Choose another folder and export it again.',
  },
  'export-image-changed': {
    title: 'The image file is no longer the one that was classified.',
    advice:
      'The result was not exported, because it would stand beside another image. Classify the file again.',
  },
  'deidentify-burned-in': {
    title: 'The film may show the patient’s name in its pixels.',
    advice:
      'It is not exported as anonymous. Look at the film; if nothing in it names anybody, export it again and say so.',
  },
  'audit-unwritable': {
    title: 'The record of exports cannot be written.',
    advice:
      'Nothing was exported, because every export is recorded. The disk may be full or write-protected. Tell whoever looks after this installation.',
  },
  'network-malformed': {
    title: 'The other side of a DICOM connection sent something that cannot be understood.',
    advice:
      'Nothing of it was taken. Check that the configured address and port are those of a DICOM service.',
  },
  'network-too-large': {
    title: 'The other side of a DICOM connection sent more than is taken.',
    advice: 'Nothing of it was taken. Send fewer or smaller objects at once.',
  },
  'network-timeout': {
    title: 'The other side of a DICOM connection did not answer in time.',
    advice: 'It may be busy, or a firewall may stand between. Try again, then ask whoever runs the archive.',
  },
  'network-unreachable': {
    title: 'The archive cannot be reached.',
    advice: 'Check the network and the archive’s address and port in the settings, then try again.',
  },
  'network-certificate': {
    title: 'The archive’s certificate is not trusted, or a certificate of our own cannot be used.',
    advice:
      'Nothing was sent. Ask whoever runs the archive, or add your hospital’s authority in the settings.',
  },
  'network-refused': {
    title: 'The archive refused the connection.',
    advice:
      'Ask whoever runs it to enter this workstation’s AE title, and compare the AE titles and what it takes.',
  },
  'network-unauthorised': {
    title: 'The archive wants an access token or a password, or another one.',
    advice: 'Put the one that whoever runs the archive gave you into the file that the settings name.',
  },
  'network-status': {
    title: 'The archive did not take or give an object.',
    advice: 'The status below says why. Try again later, then tell it to whoever runs the archive.',
  },
  'network-listen': {
    title: 'Studies cannot be received over the network.',
    advice: 'The port may be in use, or need other rights. Correct it in the settings, then start again.',
  },
  'spool-full': {
    title: 'There is no more room for studies that arrive.',
    advice: 'Further ones are refused, and senders try again. Wait until some are done, or free disk space.',
  },
} as const;
