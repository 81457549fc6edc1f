import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { paths } from '../../../contract/protocol.ts';
import { frameDigest } from '../../../he/wire/frame.ts';
import { connect } from '../../../main/connector/connector.ts';
import { ask } from '../../../main/engine/remote-steps.ts';
import { StageClock } from '../../../main/engine/stage-clock.ts';
import type { Workstation } from '../../../main/engine/station.ts';
import {
  evaluatorsOfEachTest,
  inputFrame,
  keyFrame,
  ask as request,
} from '../../evaluator/fake-evaluator.ts';
import { randomHefNet } from '../../he/random-network.ts';
import { smallBundle } from '../../he/small-bundle.ts';

const start = evaluatorsOfEachTest();

describe('a question whose job the evaluator loses', () => {
  it('is asked again by the same frame, with the keys where they were lost too', async () => {
    const { url, folder } = await start();
    const connector = connect(url);
    const key = keyFrame();
    await connector.ensureKeys(key.bytes, key.id);
    const frame = inputFrame(key.id, 'hello');
    // Of the station, asking needs these two.
    const { description } = smallBundle(
      randomHefNet(3, { side: 16, widths: [8, 16], findings: 14, squeeze: 4, attention: true }),
    );
    const station = { connector, half: { description } } as unknown as Workstation;
    await writeFile(join(folder, 'keys', key.id), 'rotten');
    const clock = new StageClock({ signal: new AbortController().signal, onProgress: () => {} });
    const reply = await ask(station, { frame, digest: frameDigest(frame) }, clock);
    expect(Buffer.from(reply.answer.frame).toString()).toContain('keys|1|hello');
    expect((await request('HEAD', url + paths.key(key.id))).status).toBe(200);
  });
});
