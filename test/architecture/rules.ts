import { castsOf } from './casts.ts';
import { circles, graphOf } from './graph.ts';
import { type Edge, edgesOf } from './imports.ts';
import { brokenInvariants } from './invariants.ts';
import { isBuildFile, isOutside, roomOf } from './rooms.ts';
import { computed, exceptions, scripts, touching } from './table/edges.ts';
import type { Effect, Room } from './table/room.ts';
import type { Tree } from './tree.ts';

/** Modules by which code reaches outside its own memory. */
const effects: readonly { readonly effect: Effect; readonly modules: RegExp }[] = [
  { effect: 'files', modules: /^(node:)?(fs|sqlite)(\/|$)/ },
  { effect: 'network', modules: /^(node:)?(net|https?|http2|tls|dgram|dns|undici|fastify)(\/|$)/ },
  { effect: 'processes', modules: /^(node:)?(child_process|worker_threads|cluster)(\/|$)/ },
];

/** Packages that only one room or file may import, and what whoever wants one uses in its place. */
const doors: readonly { readonly modules: RegExp; readonly door: string }[] = [
  { modules: /^electron(\/|$)/, door: 'main/electron' },
  { modules: /^node-seal(\/|$)/, door: 'he/run/seal/module.ts' },
  { modules: /^onnxruntime/, door: 'native-models/encoder.ts' },
  { modules: /^fastify(\/|$)/, door: 'evaluator' },
  { modules: /^undici(\/|$)/, door: 'main/connector' },
];

const at = ({ from, line, to }: Edge): string => `${from}:${line} → ${to}`;
const lists = (list: readonly { from: string; to: string }[], { from, to }: Edge): boolean =>
  list.some((edge) => edge.from === from && edge.to === to);

function problemOf(edge: Edge): string | undefined {
  const room = roomOf(edge.from);
  if (edge.kind === 'missing') return 'there is no such source file; write the path with its extension';
  if (edge.kind === 'computed')
    return isOutside(edge.from) || computed.some(({ from }) => from === edge.from)
      ? undefined
      : 'name the module by a literal, or list the file with its reason (test/architecture/table/edges.ts, computed)';
  if (edge.kind === 'script')
    return isOutside(edge.from) || lists(scripts, edge)
      ? undefined
      : 'a hidden edge: the path of a script; import it, or list who starts what and why (test/architecture/table/edges.ts, scripts)';
  if (room === undefined || isBuildFile(edge.from)) return undefined;
  return edge.kind === 'package' ? problemOfPackage(edge, room) : problemOfImport(edge, room);
}

function problemOfImport(edge: Edge, room: Room): string | undefined {
  const target = roomOf(edge.to);
  if (target === undefined || target === room || room.mayImport === 'anything') return undefined;
  if (isBuildFile(edge.to)) return 'a build file is imported by nothing';
  if (room.mayImport.includes(target.room) || lists(exceptions, edge)) return undefined;
  const may = room.mayImport.length === 0 ? 'nothing' : room.mayImport.join(', ');
  return `${room.room} may not import ${target.room}, only ${may}; move what is shared to one of these, or hand it in`;
}

function problemOfPackage(edge: Edge, room: Room): string | undefined {
  if (room.mayImport === 'anything') return undefined;
  const door = doors.find(({ modules }) => modules.test(edge.to));
  if (door !== undefined && !`${edge.from}/`.startsWith(`${door.door}/`))
    return `only ${door.door} imports ${edge.to}; use what it exports`;
  const touched = effects.find(({ modules }) => modules.test(edge.to))?.effect;
  if (touched === undefined || room.mayTouch.includes(touched) || lists(touching, edge)) return undefined;
  return `${room.room} may not touch ${touched}; let its caller do it and hand in the values`;
}

const unknownRoots = (tree: Tree): string[] =>
  [...tree.keys()]
    .filter((file) => roomOf(file) === undefined && !isBuildFile(file))
    .map(
      (file) =>
        `${file}:1 → no room: its folder is in no row of the table; add one in test/architecture/table/${file.startsWith('main/') ? 'workstation' : 'table'}.ts, then npm run architecture`,
    );

const circleProblems = (edges: readonly Edge[]): string[] =>
  circles(graphOf(edges)).map(
    (circle) =>
      `${circle.map(at).join(', ')}: a circle; move what both need to a file of its own (types count too)`,
  );

const castProblems = (tree: Tree): string[] =>
  castsOf(tree).map(
    ({ file, line, type }) =>
      `${file}:${line} → ${type}: a cast; parse it (contract/ids, isErrorCode) or carry the type from where it was parsed`,
  );

/** Everything in a tree of source files that the table, the lists and the invariants forbid: `file:line → file: what to do`. */
export function violations(tree: Tree): string[] {
  const edges = edgesOf(tree);
  const problems = edges.flatMap((edge) => {
    const problem = problemOf(edge);
    return problem === undefined ? [] : [`${at(edge)}: ${problem}`];
  });
  return [
    ...unknownRoots(tree),
    ...problems,
    ...circleProblems(edges),
    ...castProblems(tree),
    ...brokenInvariants(tree, edges),
  ];
}

/** Entries of the lists that no code needs any more. */
export function unusedEntries(tree: Tree): string[] {
  const edges = edgesOf(tree);
  const used = (from: string, to: string) => edges.some((edge) => edge.from === from && edge.to === to);
  const unused = [...exceptions, ...touching, ...scripts].filter(({ from, to }) => !used(from, to));
  return unused.map(
    ({ from, to }) => `${from} → ${to}: no longer so; take it from test/architecture/table/edges.ts`,
  );
}
