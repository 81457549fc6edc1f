/** A file that breaks one rule, and what is said about it. */
export type Planted = {
  readonly rule: string;
  readonly files: Readonly<Record<string, string>>;
  readonly message: string;
};

/** Paths that no import shows, that lead nowhere or into no room. */
export const plantedPaths: readonly Planted[] = [
  {
    rule: 'a script path as a hidden edge, joined',
    files: {
      'main/reader/planted.ts':
        "import { join } from 'node:path';\nconst above = join(import.meta.dirname, '..');\nexport const script = join(above, 'engine', 'index.ts');\n",
    },
    message: 'main/reader/planted.ts:3 → main/engine/index.ts: a hidden edge',
  },
  {
    rule: 'a script path as a hidden edge, as a URL with a part that is computed',
    files: {
      'main/vault/planted.ts':
        "const to = process.argv[2];\nexport const script = new URL('../engine/index.' + to, import.meta.url);\n",
    },
    message: 'main/vault/planted.ts:2 → main/engine/index.ts: a hidden edge',
  },
  {
    rule: 'a script path as a hidden edge, as plain text seen from the root',
    files: { 'evaluator/planted.ts': "export const words = ['node', 'main/engine/index.ts'];\n" },
    message: 'evaluator/planted.ts:1 → main/engine/index.ts: a hidden edge',
  },
  {
    rule: 'a script path as a hidden edge, below a folder that is computed',
    files: {
      'main/worklist/planted.ts':
        "import { join } from 'node:path';\nexport const script = (root: string) => join(root, '..', 'engine', 'index.ts');\n",
    },
    message: 'main/worklist/planted.ts:2 → main/engine/index.ts: a hidden edge',
  },
  {
    rule: 'a script path as a hidden edge, as a list',
    files: { 'main/cli/planted.ts': "export const script = ['main', 'engine', 'index.ts'].join('/');\n" },
    message: 'main/cli/planted.ts:1 → main/engine/index.ts: a hidden edge',
  },
  {
    rule: 'the path of a built script as a hidden edge',
    files: { 'main/electron/planted.ts': "export const script = new URL('./engine.js', import.meta.url);\n" },
    message: 'main/electron/planted.ts:1 → main/engine/index.ts: a hidden edge',
  },
  {
    rule: 'a module whose path is computed',
    files: { 'main/worklist/planted.ts': 'export const load = (name: string) => import(name);\n' },
    message: 'main/worklist/planted.ts:1 → a module whose path is computed: name the module by a literal',
  },
  {
    rule: 'every module that matches a pattern',
    files: { 'renderer/planted.ts': "export const all = import.meta.glob('../he/*.ts');\n" },
    message: 'renderer/planted.ts:1 → he/*.ts: there is no such source file',
  },
  {
    rule: 'a module by a name of our own package',
    files: { 'renderer/planted.ts': "import { run } from '#he/run/run.ts';\n" },
    message: 'renderer/planted.ts:1 → #he/run/run.ts: there is no such source file',
  },
  {
    rule: 'an unknown root',
    files: { 'plugins/planted.ts': 'export const a = 1;\n' },
    message: 'plugins/planted.ts:1 → no room',
  },
  {
    rule: 'an unknown room of a folder that is divided into rooms',
    files: { 'he/planted/planted.ts': 'export const a = 1;\n' },
    message: 'he/planted/planted.ts:1 → no room',
  },
  {
    rule: 'an import of a file that is not there',
    files: { 'dicom/planted.ts': "import { a } from './nowhere.ts';\n" },
    message: 'dicom/planted.ts:1 → dicom/nowhere.ts: there is no such source file',
  },
];
