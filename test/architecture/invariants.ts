import { graphOf, reached, wayTo } from './graph.ts';
import type { Edge } from './imports.ts';
import { isBuildFile, roomOf } from './rooms.ts';
import type { Tree } from './tree.ts';

/** A file, or a folder with everything below it. */
type Place = string;
const within = (file: string, places: readonly Place[]): boolean =>
  places.some((place) => file === place || file.startsWith(`${place}/`));

/** What must hold over any number of imports, where the table only knows about one. */
type Unreachable = {
  readonly from: readonly Place[];
  readonly never: readonly Place[];
  readonly because: string;
};

const identity = ['dicom/identity.ts', 'contract/identity.ts'];
const secrets = ['he/client', 'main/vault'];

export const unreachable: readonly Unreachable[] = [
  {
    from: ['main/engine', 'main/connector', 'evaluator'],
    never: identity,
    because: 'what encrypts, sends and computes never knows whose image it is',
  },
  {
    from: ['main/reader', 'main/network', 'dicom'],
    never: secrets,
    because: 'what parses foreign files or listens on a port reaches no key',
  },
  {
    from: ['main/worklist', 'main/settings', 'main/export', 'main/audit', 'renderer'],
    never: ['he', 'main/vault'],
    because: 'only the engine computes with keys and ciphertexts',
  },
  {
    from: ['main/host', 'main/electron', 'main/cli'],
    never: secrets,
    because: 'the secret key lives in the engine process alone',
  },
  {
    from: ['evaluator', 'he/server', 'he/compiler', 'he/run', 'he/wire'],
    never: ['he/client', 'native-models/encoder.ts', 'native-models/client-half.ts', 'main'],
    because: 'the evaluator has no path to a secret key, and none to the workstation',
  },
  {
    from: ['evaluator'],
    never: ['he/run/seal', 'he/server/seal-engine.ts'],
    because: "keys and ciphertexts from outside never reach node-seal's parser",
  },
];

function reachable({ from, never, because }: Unreachable, tree: Tree, edges: readonly Edge[]): string[] {
  const starts = [...tree.keys()].filter((file) => within(file, from) && !isBuildFile(file));
  const seen = reached(graphOf(edges), starts);
  return [...seen.keys()]
    .filter((file) => within(file, never) && !within(file, from))
    .map((file) => {
      const way = wayTo(seen, file);
      const last = way.at(-1)!;
      return `${last.from}:${last.line} → ${file}: reached from ${way[0]!.from}, and ${because}`;
    });
}

/** Names of what makes or holds a secret key, in types or at run time. */
const secretName =
  /\b(SecretKey|KeyGenerator|Decryptor|Encryptor|secretKey|SealWithSecrets|loadSealWithSecrets|KeyHolder)\b/;

function namedSecrets(tree: Tree, edges: readonly Edge[]): string[] {
  const evaluator = reached(
    graphOf(edges),
    [...tree.keys()].filter((file) => within(file, ['evaluator'])),
  );
  return [...tree]
    .filter(([file]) => within(file, ['he']) || evaluator.has(file))
    .filter(([file]) => !within(file, ['he/client']))
    .flatMap(([file, text]) =>
      text.split('\n').flatMap((line, index) => {
        const name = secretName.exec(line)?.[0];
        return name === undefined ? [] : [`${file}:${index + 1} → ${name}: only he/client names a secret`];
      }),
    );
}

/** Packages, and modules of Node, that a place must do without, also in what it imports. */
function foreignModules(tree: Tree, edges: readonly Edge[]): string[] {
  const window = reached(
    graphOf(edges),
    [...tree.keys()].filter((file) => within(file, ['renderer']) && !isBuildFile(file)),
  );
  return edges
    .filter(({ kind }) => kind === 'package')
    .flatMap((edge) => {
      const place = `${edge.from}:${edge.line} → ${edge.to}`;
      if (window.has(edge.from) && /^(node:|electron$)/.test(edge.to))
        return [`${place}: the window is sandboxed and has nothing of Node`];
      const isOfContract = roomOf(edge.from)?.room === 'contract';
      return isOfContract && edge.to !== 'zod'
        ? [`${place}: the vocabulary imports zod and nothing else`]
        : [];
    });
}

const importsOfLimits = (edges: readonly Edge[]): string[] =>
  edges
    .filter(({ from }) => from === 'contract/limits.ts')
    .map(
      ({ from, line, to }) =>
        `${from}:${line} → ${to}: the limits import nothing, so that a preload can have them`,
    );

/** The whole of node-seal, which can make secret keys, has one user. */
const wholeSeal = {
  name: 'loadWholeSeal',
  door: 'he/run/seal/module.ts',
  user: 'he/client/seal-with-secrets.ts',
};

const openedDoors = (tree: Tree): string[] =>
  [...tree]
    .filter(
      ([file, text]) =>
        file !== wholeSeal.door &&
        file !== wholeSeal.user &&
        !within(file, ['test']) &&
        text.includes(wholeSeal.name),
    )
    .map(([file, text]) => {
      const line = text.slice(0, text.indexOf(wholeSeal.name)).split('\n').length;
      return `${file}:${line} → ${wholeSeal.name}: only ${wholeSeal.user} opens it`;
    });

export function brokenInvariants(tree: Tree, edges: readonly Edge[]): string[] {
  return [
    ...unreachable.flatMap((rule) => reachable(rule, tree, edges)),
    ...namedSecrets(tree, edges),
    ...foreignModules(tree, edges),
    ...importsOfLimits(edges),
    ...openedDoors(tree),
  ];
}
