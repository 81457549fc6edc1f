import type { GraphLiteral } from '../../he/compiler/graph.ts';
import { NetworkWriter, seededNumbers } from './random-network.ts';

/**
 * A random network of every operator: grouped and strided convolutions of odd sizes, pooling in front of them, residual
 * blocks with and without a 1×1 shortcut, both gates, and four kinds of head. The same seed gives the same network.
 */
export function randomGraph(seed: number): { literal: GraphLiteral; weights: Uint8Array } {
  const next = seededNumbers(seed);
  const pick = <T>(...choices: readonly T[]): T =>
    choices[Math.floor(((next() + 1) / 2) * choices.length * 0.999999)]!;
  const net = new NetworkWriter(seed + 1);
  const shape: [number, number, number] = [pick(1, 2, 3, 4), pick(8, 10, 16), pick(8, 12, 16)];
  let [channels, height, width] = shape;
  let at = 'input';
  let count = 0;
  const name = (kind: string) => {
    count += 1;
    return `${kind}${count}`;
  };

  /** A convolution with as much of its kernel and stride as the value has room for; no output reads padding alone. */
  const conv = (outChannels: number, kernel: number, stride: number, wanted: number, groups = 1) => {
    const padding = Math.min(wanted, kernel - 1);
    const fits = Math.min(height, width) + 2 * padding >= kernel;
    const [k, s, p] = fits ? [kernel, stride, padding] : [1, 1, 0];
    at = net.conv(name('conv'), at, channels, outChannels, k, s, p, groups);
    height = Math.floor((height + 2 * p - k) / s) + 1;
    width = Math.floor((width + 2 * p - k) / s) + 1;
    channels = outChannels;
    if (pick(true, false)) at = net.batchNorm(name('norm'), at, channels);
  };
  const gate = (source: string, target: string, paper: boolean) => {
    net.nodes.push({ op: 'globalAveragePool', id: name('squeeze'), input: source });
    const hidden = pick(1, 2, 3);
    const squeezed = net.linear(name('fc'), net.nodes.at(-1)!.id, channels, hidden);
    let weights = net.linear(name('fc'), net.quadratic(name('gateAct'), squeezed, hidden), hidden, channels);
    if (paper) weights = net.cubic(name('cubic'), weights, pick(1, channels));
    net.nodes.push({ op: 'scaleChannels', id: name('scaled'), input: target, gate: weights });
    return net.nodes.at(-1)!.id;
  };
  const activate = (attention: 'none' | 'paper' | 'shallow' = 'none') => {
    const before = at;
    if (attention === 'paper') at = gate(before, at, true);
    at = net.quadratic(name('act'), at, pick(1, channels));
    if (attention === 'shallow') at = gate(before, at, false);
  };
  const residual = () => {
    const [shortcut, from, h, w] = [at, channels, height, width];
    const stride = pick(1, 2);
    const widened = stride === 1 ? channels : 2 * channels;
    conv(widened, 3, stride, 1);
    activate();
    conv(widened, 3, 1, 1);
    let other = shortcut;
    if (stride === 2) {
      const inner = at;
      [channels, height, width, at] = [from, h, w, shortcut];
      conv(widened, 1, 2, 0);
      other = at;
      at = inner;
    }
    net.nodes.push({ op: 'add', id: name('add'), input: at, other });
    at = net.nodes.at(-1)!.id;
  };
  const pool = () => {
    if (Math.min(height, width) < 2) return;
    net.nodes.push({ op: 'averagePool', id: name('pool'), input: at, kernel: [2, 2], stride: [2, 2] });
    at = net.nodes.at(-1)!.id;
    [height, width] = [Math.floor(height / 2), Math.floor(width / 2)];
  };

  conv(pick(4, 8), pick(1, 3, 4, 5), pick(1, 2), pick(0, 1, 2));
  activate();
  const body = pick('plain', 'pooled', 'grouped', 'residual', 'residual twice', 'none');
  if (body === 'pooled') pool();
  if (body === 'residual' || body === 'residual twice') residual();
  if (body === 'residual twice') residual();
  if (body === 'plain' || body === 'pooled') conv(pick(4, 6, 8), pick(1, 3), pick(1, 2), 1);
  if (body === 'grouped') conv(2 * channels, 3, pick(1, 2), pick(0, 1), pick(2, 4));
  if (body !== 'none') activate(pick('none', 'paper', 'shallow'));

  const head = pick('mean', 'pooled', 'flat', 'regions');
  const findings = head === 'regions' ? pick(1, 3) : pick(1, 3, 5, 14);
  if (head === 'regions') {
    while (Math.max(height, width) > 8 && Math.min(height, width) > 1) pool();
    at = net.conv(name('head'), at, channels, findings, 1, 1, 0);
  } else {
    if (head === 'pooled') pool();
    const op = head === 'mean' ? 'globalAveragePool' : 'flatten';
    net.nodes.push({ op, id: name(op), input: at });
    const inputs = head === 'mean' ? channels : channels * height * width;
    at = net.linear(name('head'), net.nodes.at(-1)!.id, inputs, findings);
  }
  return net.finish(`random-${seed}`, shape, at);
}
