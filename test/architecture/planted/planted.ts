import { type Planted, plantedPaths } from './paths.ts';

/** A violation of every kind. Each is added to the real tree, in memory, and must be reported once. */
export const planted: readonly Planted[] = [
  {
    rule: 'main → test',
    files: { 'main/cli/planted.ts': "import { fuzz } from '../../test/fuzz-bytes.ts';\n" },
    message: 'main/cli/planted.ts:1 → test/fuzz-bytes.ts: main/cli may not import test',
  },
  {
    rule: 'renderer → he, from a script block of Svelte',
    files: {
      'renderer/panels/Planted.svelte':
        '<p>{1}</p>\n<script lang="ts">\n  import { run } from \'../../he/run/run.ts\';\n</script>\n',
    },
    message: 'renderer/panels/Planted.svelte:3 → he/run/run.ts: renderer may not import he/run',
  },
  {
    rule: 'renderer → he, imported by the markup of Svelte',
    files: { 'renderer/Planted.svelte': "<p>\n  {#await import('../he/params.ts')}wait{/await}\n</p>\n" },
    message: 'renderer/Planted.svelte:2 → he/params.ts: renderer may not import he',
  },
  {
    rule: 'reader → vault, for a type alone',
    files: { 'main/reader/planted.ts': "import type { Vault } from '../vault/vault.ts';\n" },
    message: 'main/reader/planted.ts:1 → main/vault/vault.ts: main/reader may not import main/vault',
  },
  {
    rule: 'network → the client of he, by an import type',
    files: { 'main/network/planted.ts': "\nexport type K = import('../../he/client/keys.ts').KeyHolder;\n" },
    message: 'main/network/planted.ts:2 → he/client/keys.ts: main/network may not import he/client',
  },
  {
    rule: 'engine → identity',
    files: { 'main/engine/planted.ts': "export * from '../../dicom/identity.ts';\n" },
    message: 'main/engine/planted.ts:1 → dicom/identity.ts: main/engine may not import dicom/identity.ts',
  },
  {
    rule: 'engine → identity, by way of a file that it may import',
    files: {
      'contract/planted.ts': "import type { PatientIdentity } from './identity.ts';\n",
      'main/engine/planted.ts': "import '../../contract/planted.ts';\n",
    },
    message: 'contract/planted.ts:1 → contract/identity.ts: reached from main/engine/planted.ts',
  },
  {
    rule: 'evaluator → he/client',
    files: { 'evaluator/planted.ts': "const keys = await import('../he/client/keys.ts');\n" },
    message: 'evaluator/planted.ts:1 → he/client/keys.ts: evaluator may not import he/client',
  },
  {
    rule: 'he/server → the whole of node-seal',
    files: { 'he/server/planted.ts': "export { loadWholeSeal } from '../run/seal/module.ts';\n" },
    message: 'he/server/planted.ts:1 → loadWholeSeal: only he/client/seal-with-secrets.ts opens it',
  },
  {
    rule: 'a secret named outside he/client',
    files: { 'he/run/planted.ts': 'export type Pair = { readonly secretKey: Uint8Array };\n' },
    message: 'he/run/planted.ts:1 → secretKey: only he/client names a secret',
  },
  {
    rule: 'a circle, of types alone',
    files: {
      'dicom/planted-a.ts': "import type { B } from './planted-b.ts';\nexport type A = B[];\n",
      'dicom/planted-b.ts': "import type { A } from './planted-a.ts';\nexport type B = A[];\n",
    },
    message: 'dicom/planted-a.ts:1 → dicom/planted-b.ts, dicom/planted-b.ts:1 → dicom/planted-a.ts: a circle',
  },
  {
    rule: 'an id cast',
    files: {
      'evaluator/planted.ts':
        "import type { BundleId } from '../contract/ids/bundle-id.ts';\n\nexport const id = 'x' as unknown as BundleId;\n",
    },
    message: 'evaluator/planted.ts:3 → BundleId: a cast',
  },
  {
    rule: 'an id cast under another name, in a list',
    files: {
      'tools/planted.ts':
        "import type { JobId as Id } from '../contract/ids/job-id.ts';\nexport const ids = ['x'] as unknown as readonly Id[];\n",
    },
    message: 'tools/planted.ts:2 → JobId: a cast',
  },
  {
    rule: 'a guard that claims an id',
    files: {
      'main/worklist/planted.ts':
        "import type { KeyId } from '../../contract/ids/key-id.ts';\nexport const isKeyId = (text: string): text is KeyId => text !== '';\n",
    },
    message: 'main/worklist/planted.ts:2 → KeyId: a cast',
  },
  {
    rule: 'a cast to an error code',
    files: {
      'main/cli/planted.ts':
        "import type { ErrorCode } from '../../contract/errors.ts';\nexport const code = process.argv[2] as ErrorCode;\n",
    },
    message: 'main/cli/planted.ts:2 → ErrorCode: a cast',
  },
  {
    rule: 'electron outside its door',
    files: { 'main/vault/planted.ts': "import { safeStorage } from 'electron';\n" },
    message: 'main/vault/planted.ts:1 → electron: only main/electron imports electron',
  },
  {
    rule: 'node-seal outside its door, by require',
    files: {
      'he/client/planted.ts':
        "import { createRequire } from 'node:module';\nexport const seal = createRequire(import.meta.url)('node-seal/allows');\n",
    },
    message: 'he/client/planted.ts:2 → node-seal/allows: only he/run/seal/module.ts imports node-seal/allows',
  },
  {
    rule: 'files in the core of he',
    files: { 'he/run/planted.ts': "import { readFile } from 'node:fs/promises';\n" },
    message: 'he/run/planted.ts:1 → node:fs/promises: he/run may not touch files',
  },
  {
    rule: 'a module of Node in the window',
    files: { 'renderer/planted.ts': "import { join } from 'node:path';\n" },
    message: 'renderer/planted.ts:1 → node:path: the window is sandboxed',
  },
  {
    rule: 'a package in the vocabulary',
    files: { 'contract/planted.ts': "import { join } from 'node:path';\n" },
    message: 'contract/planted.ts:1 → node:path: the vocabulary imports zod and nothing else',
  },
  {
    rule: 'an import of the limits',
    files: { 'contract/limits.ts': "import { z } from 'zod';\nexport const maxDroppedBytes = z.int();\n" },
    message: 'contract/limits.ts:1 → zod: the limits import nothing',
  },
  ...plantedPaths,
];
