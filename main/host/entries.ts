import { fileURLToPath } from 'node:url';

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Scripts that a process of plain Node starts as processes of their own; the desktop application has built ones. */
export const entries = {
  engine: source('main/engine/index.ts'),
  reader: source('main/reader/index.ts'),
  network: source('main/network/index.ts'),
  evaluator: source('evaluator/index.ts'),
} as const;
