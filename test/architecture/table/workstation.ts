import { all, nothing, type Room } from './room.ts';

/** For rooms that read or write files of patients. */
const dicom = ['dicom', 'dicom/dataset', 'dicom/display', 'dicom/identity.ts', 'dicom/image.ts'];
/** What a shell, the desktop's or the command line's, puts together. */
const wings = [
  ...[
    'main/audit',
    'main/exchange',
    'main/export',
    'main/files',
    'main/host',
    'main/network',
    'main/settings',
  ],
  'main/worklist',
  'main/files/forbid-core-dumps.ts',
];

/** The rooms of main/, a part of the import table: first what runs in a process of its own, then who uses it. */
export const workstation: readonly Room[] = [
  {
    room: 'main/files',
    holds: 'files that only their owner may read, temporary folders',
    mayImport: [],
    mayTouch: ['files'],
  },
  {
    room: 'main/files/forbid-core-dumps.ts',
    holds: 'keeps the memory of a process out of core dumps',
    mayImport: [],
    mayTouch: ['files'],
  },
  {
    room: 'main/files/authorities.ts',
    holds: 'whose certificates are trusted',
    mayImport: ['contract'],
    mayTouch: ['files', 'network'],
  },
  {
    room: 'main/engine',
    holds: 'the process with the secret key: the way from pixels to findings',
    mayImport: [
      'contract',
      'dicom/display',
      'he/client',
      'he/wire',
      'native-models/client-half.ts',
      'native-models/encoder.ts',
      'main/connector',
      'main/files/forbid-core-dumps.ts',
      'main/host/parent-port.ts',
      'main/vault',
    ],
    mayTouch: nothing,
  },
  {
    room: 'main/vault',
    holds: 'the file of keys: slots, rotation, sharing; it is handed a way to seal bytes',
    mayImport: ['contract', 'he/client', 'he/wire', 'main/files'],
    mayTouch: ['files'],
  },
  {
    room: 'main/connector',
    holds: "the evaluator's HTTP client, and the outbox of questions under way",
    mayImport: ['contract', 'he/wire', 'main/files', 'main/files/authorities.ts'],
    mayTouch: ['files', 'network'],
  },
  {
    room: 'main/reader',
    holds: 'the process without a key that opens foreign files: folders, zip, DICOMDIR, decoding',
    mayImport: ['contract', ...dicom, 'dicom/objects', 'main/files', 'main/host/parent-port.ts'],
    mayTouch: ['files'],
  },
  {
    room: 'main/network',
    holds: 'DICOM over the network: C-STORE in and out, DICOMweb; a process without a key',
    mayImport: [
      'contract',
      ...dicom,
      'dicom/network',
      'main/files',
      'main/files/authorities.ts',
      'main/host/parent-port.ts',
      'main/reader',
    ],
    mayTouch: ['files', 'network'],
  },
  {
    room: 'main/host',
    holds: 'starts the other processes and speaks with them',
    mayImport: ['contract', 'main/files', 'main/host/parent-port.ts'],
    mayTouch: all,
  },
  {
    room: 'main/host/parent-port.ts',
    holds: 'how a started process speaks with the one that started it',
    mayImport: [],
    mayTouch: nothing,
  },
  {
    room: 'main/worklist',
    holds: 'the studies on this workstation, on disk and encrypted',
    mayImport: ['contract', 'main/files'],
    mayTouch: ['files'],
  },
  {
    room: 'main/settings',
    holds: 'the settings file and the managed policy become one value',
    mayImport: ['contract', 'main/files'],
    mayTouch: ['files'],
  },
  {
    room: 'main/export',
    holds: 'findings as DICOM SR and SC, PDF, CSV',
    mayImport: ['contract', ...dicom, 'dicom/objects', 'main/files'],
    mayTouch: ['files'],
  },
  {
    room: 'main/audit',
    holds: 'the append-only log, the support bundle, the self-test',
    mayImport: ['contract', 'main/files'],
    mayTouch: ['files'],
  },
  {
    room: 'main/exchange',
    holds: 'results that leave and studies that arrive',
    mayImport: ['contract', 'main/audit', 'main/export', 'main/files', 'main/host'],
    mayTouch: ['files'],
  },
  {
    room: 'main/electron',
    holds: 'windows, protocol, IPC, safe storage: the only importer of `electron`',
    mayImport: ['contract', ...wings],
    mayTouch: ['files'],
  },
  {
    room: 'main/cli',
    holds: 'one file for each command of the command line',
    mayImport: ['contract', ...wings],
    mayTouch: ['files'],
  },
];
