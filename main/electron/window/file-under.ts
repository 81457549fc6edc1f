import { normalize, sep } from 'node:path';

/** Finds the file that a URL path names inside `folder`. It returns null when the file would lie outside. */
export function fileUnder(folder: string, urlPath: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  if (decoded.includes('\0')) return null;
  const path = normalize(`${folder}${sep}${decoded === '/' ? 'index.html' : decoded}`);
  return path.startsWith(normalize(`${folder}${sep}`)) ? path : null;
}
