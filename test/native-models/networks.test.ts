import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Graph, graphSchema, openGraph } from '../../he/compiler/graph.ts';
import { measurePrecision } from '../../he/precision.ts';
import { seededTensor } from '../../he/seeded-tensor.ts';
import { evaluateDirectly } from '../he/direct.ts';
import { titled } from '../titled.ts';

/** What training/export/export_networks.py wrote, and what PyTorch computed from one latent per factor. */
const models = join(import.meta.dirname, '..', '..', 'native-models');
const fixtures = join(import.meta.dirname, '..', 'fixtures', 'networks');
const parse = <T>(...path: string[]): T => JSON.parse(readFileSync(join(...path), 'utf8')) as T;
const index = parse<
  {
    network: string;
    factor: 'f8' | 'f16';
    attention: string;
    graph: string;
    weights: string;
    trained: boolean;
  }[]
>(models, 'networks', 'index.json');
const logits = parse<Record<string, number[]>>(fixtures, 'logits.json');
const latent = (factor: string): Float32Array =>
  new Float32Array(new Uint8Array(readFileSync(join(fixtures, `${factor}.latent.f32`))).buffer);
const open = (entry: { graph: string; weights: string }): Graph =>
  openGraph(
    graphSchema.parse(parse(models, entry.graph)),
    new Uint8Array(readFileSync(join(models, entry.weights))),
  );

describe('seeded tensors', () => {
  // The same values stand in training/tests/test_networks.py.
  it.each([
    [0, 1, [-1, -0.3648022711277008, -0.6175304651260376, 0.04640819504857063]],
    [
      0xffffffff,
      0.05,
      [0.03866133093833923, 0.04287704452872276, -0.002273004734888673, -0.014971612021327019],
    ],
    // mix(seed) is 2^32 − 2: the sum with the index wraps.
    [3688849601, 2.25, [-0.11276354640722275, 0.03415611386299133, -2.25, -0.8208051323890686]],
  ])('from seed %i with spread %d are those that the export draws', (seed, spread, values) => {
    expect([...seededTensor(4, seed, spread)]).toEqual(values);
  });
});

describe('networks', () => {
  it('are all pairs of network, factor and attention, once each', () => {
    const labels = index.map(({ network, factor, attention }) => `${network}-${factor}-${attention}`);
    expect(new Set(labels).size).toBe(30);
    expect(labels).toEqual(Object.keys(logits));
  });

  for (const entry of index) {
    const label = `${entry.network}-${entry.factor}-${entry.attention}`;
    it(`${label} opens and gives logits of 14 findings`, () => {
      const graph = open(entry);
      const drawn = Object.values(graph.literal.tensors).flatMap((tensor) =>
        'seed' in tensor ? [tensor.seed] : [],
      );
      expect(graph.literal.input.shape).toEqual(entry.factor === 'f8' ? [4, 32, 32] : [8, 16, 16]);
      expect(graph.shapes.get(graph.literal.output)).toEqual(entry.trained ? [14, 4, 4] : [14]);
      expect(new Set(drawn).size).toBe(drawn.length);
      expect(drawn.length === 0).toBe(entry.trained);
    });

    // The plain evaluator takes many seconds for ResNet20's larger maps; its operators are the same at f16.
    const slow = entry.network === 'resnet20' && entry.factor === 'f8' ? 'too slow in plain code' : null;
    it.skipIf(slow !== null)(titled(`${label} computes what PyTorch computed`, slow), () => {
      const graph = open(entry);
      const got = evaluateDirectly(graph, latent(entry.factor));
      expect(measurePrecision(got, logits[label]!).maxAbsError).toBeLessThan(1e-3);
      expect(Math.max(...got.map(Math.abs))).toBeLessThanOrEqual(graph.literal.outputBound);
    });
  }
});
