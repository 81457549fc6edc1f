import type { Progress, StageName } from '../../contract/stages.ts';

const stageText: Record<StageName, string> = {
  reading: 'reading the radiograph',
  encoding: 'encoding to a latent',
  'generating-keys': 'generating keys',
  'uploading-keys': 'uploading evaluation keys',
  encrypting: 'encrypting',
  sending: 'sending ciphertext',
  queued: 'queued at the evaluator',
  evaluating: 'evaluating on ciphertext',
  receiving: 'receiving ciphertext',
  decrypting: 'decrypting',
  done: 'done',
};

/**
 * Makes a listener that writes a line when a stage begins and at each quarter of it. Such lines suit terminals and logs
 * alike. The line of key generation says how much will be uploaded.
 */
export function progressLines(write: (line: string) => void): (progress: Progress) => void {
  let last = '';
  return ({ stage, fraction, detail }) => {
    const quarter = fraction === null ? 0 : Math.floor(fraction * 4) * 25;
    const size = stage === 'generating-keys' && detail !== undefined ? `, ${detail}` : '';
    const line = quarter === 0 ? `${stageText[stage]}${size}` : `${stageText[stage]} ${quarter} %`;
    if (line === last) return;
    last = line;
    write(line);
  };
}
