import encodeQR from 'qr';
import { identiconOf } from '../../../contract/image/identicon.ts';

/** A page to print that holds an export. */
export type Sheet = {
  readonly title: string;
  /** What the page is for, and what it opens alone. */
  readonly about: string;
  /** The key's, whose picture is on the page as the window shows it. */
  readonly fingerprint: string;
  /** Facts as term and value. */
  readonly facts: readonly (readonly [term: string, value: string])[];
  /** What is to be done to have the key back, one step after the other. */
  readonly steps: readonly string[];
  /** The export for paper (`toSheetText`), which is on the page in letters and as a QR code. */
  readonly text: string;
};

/** The page in HTML. It has no scripts and loads nothing. */
export const sheetPage = ({
  title,
  about,
  fingerprint,
  facts,
  steps,
  text,
}: Sheet): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escaped(title)}</title>
<style>
@page { size: A4; margin: 1.2cm 1.5cm; }
body { max-width: 18cm; margin: 0 auto; padding: 0.3cm; font: 11pt/1.4 sans-serif; color: #000; background: #fff; }
dl { display: grid; grid-template-columns: 5cm 1fr; gap: 0.1cm; }
dt { color: #444; } dd { margin: 0; font-weight: 600; }
svg { width: 9cm; height: 9cm; }
header { display: flex; gap: 0.6cm; align-items: start; } header dl { flex: 1; margin: 0; }
header svg { flex: none; width: 2.4cm; height: 2.4cm; }
pre { font: 9.5pt/1.4 monospace; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #999; padding: 0.3cm; }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${escaped(about)}</p>
<header>${picture(fingerprint)}<dl>${facts.map(([term, value]) => `<dt>${escaped(term)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl></header>
<h2>To recover the key</h2>
<ol>
${steps.map((step) => `<li>${escaped(step)}</li>\n`).join('')}</ol>
${encodeQR(text, 'svg', { ecc: 'medium' })}
<pre>${escaped(text)}</pre>
</body>
</html>
`;

/** The key's picture. A browser prints it with its colour, which takes a setting for backgrounds but none for shapes. */
function picture(fingerprint: string): string {
  const { cells, hue } = identiconOf(fingerprint);
  const fields = cells.map(
    ({ column, row }) => `<rect x="${column}" y="${row}" width="1" height="1" fill="hsl(${hue} 65% 32%)"/>`,
  );
  return `<svg viewBox="-0.5 -0.5 6 6" role="img" aria-label="Picture of the key"><rect x="-0.4" y="-0.4" width="5.8" height="5.8" rx="0.4" fill="none" stroke="#999" stroke-width="0.1"/>${fields.join('')}</svg>`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
