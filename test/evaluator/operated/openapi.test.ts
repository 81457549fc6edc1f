import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { paths } from '../../../contract/protocol.ts';
import { createApp } from '../../../evaluator/http/app.ts';
import type { EvaluatorDeps } from '../../../evaluator/http/deps.ts';
import { openApi } from '../../../evaluator/http/openapi.ts';
import { Metrics } from '../../../evaluator/observe/metrics.ts';
import {
  ask,
  evaluatorsOfEachTest,
  inputFrame,
  keyFrame,
  postJob,
  putKeys,
  submit,
} from '../fake-evaluator.ts';

const start = evaluatorsOfEachTest();
const documentSchema = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) })),
  ),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});
const document = documentSchema.parse(openApi('1.0.0'));
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);

describe('the OpenAPI document of an evaluator', () => {
  it('has every route that is served, and no other', async () => {
    // The routes look at nothing but these before a request comes.
    const deps = { version: '1', bundles: new Map(), metrics: new Metrics(), connections: {} };
    const app = createApp(deps as unknown as EvaluatorDeps);
    const served: string[] = [];
    app.addHook('onRoute', ({ method, url }) => {
      served.push(`${String(method)} ${url.replace(':id', '{id}')}`);
    });
    await app.ready();
    expect(served.sort()).toEqual(described.sort());
    await app.close();
  });

  it('is served to whoever asks, also without a token', async () => {
    const { url } = await start({ access: () => null });
    const response = await fetch(url + paths.openapi);
    expect(documentSchema.parse(await response.json()).paths).toEqual(
      documentSchema.parse(openApi('test')).paths,
    );
  });

  it('refers to schemas that it has', () => {
    const named = [...JSON.stringify(openApi('1')).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
      ([, name]) => name!,
    );
    expect([...new Set(named)].sort()).toEqual(Object.keys(document.components.schemas).sort());
  });

  it('names the status of what an evaluator answers', async () => {
    const { url } = await start({ keys: { keys: 1 }, jobs: { queued: 1 } });
    const key = keyFrame();
    const bad = keyFrame('broken');
    const responses = (path: string, method: string) => Object.keys(document.paths[path]![method]!.responses);
    const job = paths.job('{id}');
    expect(responses(paths.key('{id}'), 'put')).toContain(String((await putKeys(url, key)).status));
    expect(responses(paths.key('{id}'), 'put')).toContain(String((await putKeys(url, bad)).status));
    await submit(url, key, 'endless');
    for (let count = 0; count < 3; count += 1) {
      const { status } = await postJob(url, inputFrame(key.id, 'endless'));
      expect(responses(paths.jobs, 'post')).toContain(String(status));
    }
    for (const id of ['0'.repeat(32), 'xyz']) {
      const { status } = await ask('GET', url + paths.job(id));
      expect(responses(job, 'get')).toContain(String(status));
    }
  });
});
