/** What code may touch outside its own memory; what each means in modules is in rules.ts. */
export type Effect = 'files' | 'network' | 'processes';

/**
 * One room of the house: a folder with everything below it that has no row of its own, or a single file. Imports inside
 * a room are free; `mayImport` names the other rooms it may import from, types included.
 */
export type Room = {
  readonly room: string;
  readonly holds: string;
  readonly mayImport: readonly string[] | 'anything';
  readonly mayTouch: readonly Effect[];
};

const nothing: readonly Effect[] = [];
const all: readonly Effect[] = ['files', 'network', 'processes'];
/** For rooms that read or write files of patients. */
const dicom = ['dicom', 'dicom/dataset', 'dicom/display', 'dicom/identity.ts', 'dicom/image.ts'];
/** What a shell, the desktop's or the command line's, puts together. */
const wings = [
  ...['main/audit', 'main/export', 'main/files', 'main/host', 'main/network', 'main/settings'],
  'main/worklist',
];

/** The import table. The documents show it, and test/architecture.test.ts holds the code to it. */
export const rooms: readonly Room[] = [
  {
    room: 'contract',
    holds: 'the vocabulary: stages, ids, errors, bundle, schemas of HTTP and of every process border',
    mayImport: [],
    mayTouch: nothing,
  },
  {
    room: 'dicom',
    holds: 'bytes to values and back: from a file to an image, and what its header says',
    mayImport: [
      'contract',
      'dicom/codecs',
      'dicom/dataset',
      'dicom/display',
      'dicom/identity.ts',
      'dicom/image.ts',
    ],
    mayTouch: nothing,
  },
  {
    room: 'dicom/image.ts',
    holds: 'what a file says about its pixels, and nothing about a person',
    mayImport: ['contract', 'dicom/dataset'],
    mayTouch: nothing,
  },
  {
    room: 'dicom/identity.ts',
    holds: 'the only exit for patient data',
    mayImport: ['contract', 'dicom/dataset'],
    mayTouch: nothing,
  },
  {
    room: 'dicom/dataset',
    holds: 'elements and values: parse, write, DICOMDIR',
    mayImport: ['contract', 'dicom/image.ts'],
    mayTouch: nothing,
  },
  {
    room: 'dicom/codecs',
    holds: 'code streams to samples',
    mayImport: ['contract', 'dicom/dataset', 'dicom/image.ts'],
    mayTouch: nothing,
  },
  {
    room: 'dicom/display',
    holds: 'stored values to grey levels: LUT, window, reduction',
    mayImport: ['contract', 'dicom/image.ts'],
    mayTouch: nothing,
  },
  {
    room: 'dicom/objects',
    holds: 'the content of the objects that we write: SR, SC',
    mayImport: ['contract', 'dicom/dataset', 'dicom/identity.ts'],
    mayTouch: nothing,
  },
  {
    room: 'he',
    holds: 'what every room of homomorphic encryption shares: parameters, program, slot layout',
    mayImport: ['contract'],
    mayTouch: nothing,
  },
  {
    room: 'he/run',
    holds: 'the interpreter of programs and its backends',
    mayImport: ['contract', 'he'],
    mayTouch: nothing,
  },
  {
    room: 'he/wire',
    holds: 'frames, and the bytes of ciphertexts and keys',
    mayImport: ['contract', 'he'],
    mayTouch: nothing,
  },
  {
    room: 'he/compiler',
    holds: 'from a trained graph to an encrypted program, and what it costs',
    mayImport: ['contract', 'he', 'he/run', 'he/wire'],
    mayTouch: nothing,
  },
  {
    room: 'he/client',
    holds: 'key generation, encryption and decryption: the only place that names a secret',
    mayImport: ['contract', 'he', 'he/run', 'he/wire'],
    mayTouch: nothing,
  },
  {
    room: 'he/server',
    holds: 'evaluation on ciphertext with public keys, and its caches',
    mayImport: ['contract', 'he', 'he/run', 'he/wire'],
    mayTouch: nothing,
  },
  {
    room: 'kernel',
    holds: "the evaluator's arithmetic and what starts it on threads",
    mayImport: ['he/run'],
    mayTouch: ['files', 'processes'],
  },
  {
    room: 'kernel/assembly',
    holds: 'the arithmetic itself in AssemblyScript, compiled into kernel/wasm.ts',
    mayImport: [],
    mayTouch: nothing,
  },
  {
    room: 'kernel/native',
    holds: 'the same in C++, and what builds it',
    mayImport: [],
    mayTouch: ['files', 'processes'],
  },
  {
    room: 'native-models',
    holds: 'the bundles, and what opens and verifies one',
    mayImport: ['contract', 'he', 'he/wire'],
    mayTouch: ['files'],
  },
  {
    room: 'native-models/client-half.ts',
    holds: "the workstation's half of a bundle",
    mayImport: ['contract', 'native-models'],
    mayTouch: nothing,
  },
  {
    room: 'native-models/encoder.ts',
    holds: 'the VQGAN encoder and decoder',
    mayImport: ['contract'],
    mayTouch: nothing,
  },
  {
    room: 'native-models/server-half.ts',
    holds: "the evaluator's half of a bundle",
    mayImport: ['contract', 'he', 'he/compiler', 'he/wire', 'native-models'],
    mayTouch: nothing,
  },
  {
    room: 'main/files',
    holds: 'files that only their owner may read, temporary folders',
    mayImport: [],
    mayTouch: ['files'],
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
      'main/host/process-port.ts',
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
    holds: "the evaluator's HTTP client",
    mayImport: ['contract', 'he/wire'],
    mayTouch: ['files', 'network'],
  },
  {
    room: 'main/reader',
    holds: 'the process without a key that opens foreign files: folders, zip, DICOMDIR, decoding',
    mayImport: ['contract', ...dicom, 'main/files', 'main/host/process-port.ts'],
    mayTouch: ['files'],
  },
  {
    room: 'main/network',
    holds: 'DICOM over the network: C-STORE in and out, DICOMweb; runs in the reader process',
    mayImport: ['contract', ...dicom, 'main/files', 'main/reader'],
    mayTouch: ['files', 'network'],
  },
  {
    room: 'main/host',
    holds: 'starts the other processes and speaks with them',
    mayImport: ['contract', 'main/files', 'main/host/process-port.ts'],
    mayTouch: all,
  },
  {
    room: 'main/host/process-port.ts',
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
  {
    room: 'renderer',
    holds: "the window's contents: viewer, worklist, settings, panels",
    mayImport: ['contract', 'dicom/display'],
    mayTouch: nothing,
  },
  {
    room: 'evaluator',
    holds: 'the HTTP service and its workers; no path to a secret key',
    mayImport: [
      'contract',
      'he',
      'he/run',
      'he/server',
      'he/wire',
      'kernel',
      'native-models',
      'native-models/server-half.ts',
    ],
    mayTouch: all,
  },
  {
    room: 'tools',
    holds: 'bench, circuits, evaluate, bundle, conformance, demo: used by hand',
    mayImport: 'anything',
    mayTouch: all,
  },
  {
    room: 'examples',
    holds: 'four programs to read in order',
    mayImport: 'anything',
    mayTouch: all,
  },
  {
    room: 'test',
    holds: 'the tests, in the order of the tree',
    mayImport: 'anything',
    mayTouch: all,
  },
];

/** Files that build and test the product, are no part of it and import nothing of it. */
export const buildFiles: readonly string[] = [
  'vitest.config.ts',
  'renderer/vite.config.ts',
  'main/electron/vite.config.ts',
];
