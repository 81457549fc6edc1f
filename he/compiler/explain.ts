import { periodOf, type SlotLayout, slotTable } from '../layout.ts';
import type { Step } from '../program.ts';
import type { Compiled, RingChoice } from './compile.ts';
import { levelsOfSteps } from './cost-model.ts';
import { type Graph, type GraphLiteral, openGraph, type Shape } from './graph.ts';
import { type FoldedNetwork, foldGraph, type Layer } from './passes/fold.ts';
import { gatherPatches } from './passes/patches.ts';
import { placeValues } from './passes/place.ts';
import { reportCircuit } from './report.ts';

/**
 * Describes a compiled network in text for a reader: what every layer computes, what it costs, and in which slots its
 * elements lie.
 */
export function explainCircuit(graph: Graph, compiled: Compiled): string {
  const { network } = gatherPatches(graph, foldGraph(graph));
  const { slotCount } = compiled.program;
  const { layouts } = placeValues(network, slotCount, compiled.strategy);
  const ids = ['input', ...network.layers.map(({ id }) => id)];
  return [
    ...summary(graph, compiled),
    '',
    ...layerTable(network, layouts, compiled),
    '',
    'Where the elements lie. A slot number is read as bits, lowest first: "x0 x1 y0" means that bit 0 and 1 of the',
    'slot are bits 0 and 1 of the column, bit 2 is the lowest bit of the row. "replica": the tensor repeats. "hole":',
    'only slots with a 0 there belong to the tensor.',
    ...[...groupAlike(ids, layouts)].flatMap(([layout, alike]) => [
      '',
      ...layoutLines(alike.join(', '), layout, slotCount),
    ]),
    '',
  ].join('\n');
}

/** Groups the values that lie alike under the layout of the first of them. */
function groupAlike(
  ids: readonly string[],
  layouts: ReadonlyMap<string, SlotLayout>,
): Map<SlotLayout, string[]> {
  const byText = new Map<string, { layout: SlotLayout; alike: string[] }>();
  for (const id of ids) {
    const layout = layouts.get(id)!;
    const known = byText.get(JSON.stringify(layout));
    if (known === undefined) byText.set(JSON.stringify(layout), { layout, alike: [id] });
    else known.alike.push(id);
  }
  return new Map([...byText.values()].map(({ layout, alike }) => [layout, alike]));
}

function summary(graph: Graph, compiled: Compiled): string[] {
  const report = reportCircuit(compiled);
  const safe = report.securityBits === 128 ? '128-bit security' : 'NOT secure';
  return [
    `${graph.literal.name}: ${report.levels} levels, ${report.rotations} rotations, ${report.plaintextProducts} plaintext products, ${report.relinearizations} relinearisations`,
    `ring N = ${report.polyModulusDegree} (${compiled.program.slotCount} slots), ${report.dataPrimes} data primes of ${report.primeBits} bits, log QP = ${report.logQP}: ${safe}`,
    `placement "${report.strategy}", ${ciphertexts(report.inputCiphertexts)} of input, ${report.keySteps} rotation keys: ${compiled.program.keys.rotations.map(({ step }) => step).join(' ')}`,
  ];
}

const ciphertexts = (count: number): string => `${count} ciphertext${count === 1 ? '' : 's'}`;
const shapeText = (shape: Shape): string => shape.join('×');

/** What a layer computes, in one line. */
function formula(layer: Layer): string {
  switch (layer.kind) {
    case 'affine':
      return `${layer.terms.map(({ input }) => `W·${input}`).join(' + ')}${layer.terms.some(({ map }) => map.bias !== null) ? ' + b' : ''}`;
    case 'square':
      return `${layer.input}²`;
    case 'product':
      return `${layer.left} ⊙ ${layer.right}`;
    case 'shift':
      return `${layer.input} + c`;
    case 'sum':
      return `sum of ${2 ** layer.log2[0]}×${2 ** layer.log2[1]} windows of ${layer.input}`;
  }
}

function layerTable(
  network: FoldedNetwork,
  layouts: ReadonlyMap<string, SlotLayout>,
  { program }: Compiled,
): string[] {
  const levels = levelsOfSteps(program);
  const row = (id: string, kind: string, computes: string): string[] => {
    const own = program.steps.flatMap((step, index) => (step.layer === id ? [{ step, index }] : []));
    const level = own.at(-1) === undefined ? '' : String(levels[own.at(-1)!.index]);
    const count = (...ops: readonly Step['op'][]) => own.filter(({ step }) => ops.includes(step.op)).length;
    const products = own.reduce(
      (sum, { step }) => sum + (step.op === 'sumOfProducts' ? step.terms.length : 0),
      0,
    );
    return [
      id,
      kind,
      shapeText(network.shapes.get(id)!),
      level,
      String(slotTable(layouts.get(id)!, program.slotCount).ciphertexts),
      String(count('rotate')),
      String(products),
      String(count('square', 'multiply')),
      computes,
    ];
  };
  const head = ['value', 'kind', 'shape', 'level', 'ciphertexts', 'rotations', 'products', 'squares', 'is'];
  const rows = [
    head,
    row('input', 'input', 'encrypted by the workstation'),
    ...network.layers.map((layer) => row(layer.id, layer.kind, formula(layer))),
  ];
  const widths = head.map((_, index) => Math.max(...rows.map((cells) => cells[index]!.length)));
  const isText = (index: number) => index < 3 || index === head.length - 1;
  return rows.map((cells) =>
    cells
      .map((cell, index) => (isText(index) ? cell.padEnd(widths[index]!) : cell.padStart(widths[index]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** Layouts of up to so many slots are drawn. Of larger ones, only the first element and its neighbours are told. */
const mostDrawnSlots = 256;
const mostDrawnCiphertexts = 4;

const elementName = (element: number, [, height, width]: SlotLayout['shape']): string => {
  const channel = Math.floor(element / (height * width));
  if (height * width === 1) return `c${channel}`;
  return `c${channel}(${Math.floor(element / width) % height},${element % width})`;
};

function layoutLines(id: string, layout: SlotLayout, slotCount: number): string[] {
  const slotBits = Math.log2(slotCount);
  const number = layout.bits.slice(slotBits);
  const table = slotTable(layout, slotCount);
  const period = periodOf(layout, slotCount);
  const moved = layout.displacement === 0 ? '' : `, all moved by ${layout.displacement}`;
  const head = [
    `${id}: ${shapeText(layout.shape)} in ${ciphertexts(table.ciphertexts)}${moved}`,
    `  slot bits        ${layout.bits.slice(0, slotBits).join(' ')}`,
    ...(number.length > 0 ? [`  ciphertext bits  ${number.join(' ')}`] : []),
    ...(period < slotCount ? [`  repeats every ${period} slots`] : []),
  ];
  if (slotCount > mostDrawnSlots) return [...head, ...neighbours(layout, table, slotCount)];
  const drawn = Math.min(table.ciphertexts, mostDrawnCiphertexts);
  const grids = Array.from({ length: drawn }, (_, ciphertext) => [
    ...(table.ciphertexts > 1 ? [`  ciphertext ${ciphertext}`] : []),
    ...slotGrid(layout, table, ciphertext, period, slotCount),
  ]).flat();
  const left = table.ciphertexts - drawn;
  return [...head, ...grids, ...(left > 0 ? [`  and ${left} more ciphertexts alike`] : [])];
}

/** One period of a ciphertext, as rows of slots: the element that lies in each, or a dot. */
function slotGrid(
  layout: SlotLayout,
  table: ReturnType<typeof slotTable>,
  ciphertext: number,
  period: number,
  slotCount: number,
): string[] {
  const names = new Array<string>(period).fill('·');
  for (const [element, slot] of table.slot.entries())
    if (table.ciphertext[element] === ciphertext)
      names[(slot % slotCount) % period] = elementName(element, layout.shape);
  const perRow = Math.min(period, 8);
  const width = Math.max(...names.map((name) => name.length));
  const lines: string[] = [];
  for (let first = 0; first < period; first += perRow) {
    const cells = names.slice(first, first + perRow).map((name) => name.padEnd(width));
    lines.push(`  slot ${String(first).padStart(String(period - 1).length)}:  ${cells.join('  ')}`.trimEnd());
  }
  return lines;
}

/** Tells where the first element lies, and its next neighbour along each axis. */
function neighbours(layout: SlotLayout, table: ReturnType<typeof slotTable>, slotCount: number): string[] {
  const [channels, height, width] = layout.shape;
  const place = (element: number): string => {
    const slot = `slot ${table.slot[element]! % slotCount}`;
    const where = table.ciphertexts === 1 ? slot : `ciphertext ${table.ciphertext[element]}, ${slot}`;
    return `${elementName(element, layout.shape)} in ${where}`;
  };
  const next = [
    ...(width > 1 ? [1] : []),
    ...(height > 1 ? [width] : []),
    ...(channels > 1 ? [height * width] : []),
  ];
  return [`  ${[0, ...next].map(place).join('; ')}`];
}

/** A ring that is small enough to draw. It has no security. */
export const tinyRing: RingChoice = { polyModulusDegree: 64, primeBits: 30, specialPrimeBits: 30 };

/**
 * Makes the smallest network that shows everything: one channel of 4×4 becomes two, then come a stride, squares and a
 * dense layer. Its weights are drawn from seeds.
 */
export function tinyGraph(): Graph {
  const tensors: GraphLiteral['tensors'] = {
    'conv.weight': { shape: [2, 1, 3, 3], seed: 1, spread: 0.5 },
    'conv.bias': { shape: [2], seed: 2, spread: 0.1 },
    'act.a': { shape: [1], seed: 3, spread: 1 },
    'act.b': { shape: [1], seed: 4, spread: 1 },
    'act.c': { shape: [1], seed: 5, spread: 1 },
    'conv2.weight': { shape: [2, 2, 2, 2], seed: 6, spread: 0.5 },
    'act2.a': { shape: [1], seed: 7, spread: 1 },
    'head.weight': { shape: [3, 8], seed: 8, spread: 0.5 },
    'head.bias': { shape: [3], seed: 9, spread: 0.1 },
  };
  return openGraph(
    {
      format: 'cipherfilm-graph/1',
      name: 'tiny',
      input: { shape: [1, 4, 4] },
      tensors,
      nodes: [
        {
          op: 'conv2d',
          id: 'conv',
          input: 'input',
          weight: 'conv.weight',
          bias: 'conv.bias',
          stride: [1, 1],
          padding: [1, 1],
          groups: 1,
        },
        { op: 'quadratic', id: 'act', input: 'conv', a: 'act.a', b: 'act.b', c: 'act.c', inputBound: 8 },
        {
          op: 'conv2d',
          id: 'conv2',
          input: 'act',
          weight: 'conv2.weight',
          bias: null,
          stride: [2, 2],
          padding: [0, 0],
          groups: 1,
        },
        { op: 'quadratic', id: 'act2', input: 'conv2', a: 'act2.a', b: 'act.b', c: 'act.c', inputBound: 8 },
        { op: 'flatten', id: 'flat', input: 'act2' },
        { op: 'linear', id: 'head', input: 'flat', weight: 'head.weight', bias: 'head.bias' },
      ],
      output: 'head',
      outputBound: 16,
    },
    new Uint8Array(),
  );
}
