import { all, nothing, type Room } from './room.ts';
import { workstation } from './workstation.ts';

/** The import table. The documents show it, and test/architecture.test.ts holds the code to it. */
export const rooms: readonly Room[] = [
  {
    room: 'contract',
    holds:
      'the vocabulary: stages, ids, errors and their words, bundle, schemas of HTTP and of every process border; of packages zod alone',
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
    holds: 'the content of the objects that we write: SR, SC, films without identity',
    mayImport: ['contract', 'dicom/dataset', 'dicom/identity.ts'],
    mayTouch: nothing,
  },
  {
    room: 'dicom/network',
    holds: 'what is said over the network, as bytes: PDUs, commands, multipart bodies, answers in JSON',
    mayImport: ['contract', 'dicom/dataset'],
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
  ...workstation,
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
