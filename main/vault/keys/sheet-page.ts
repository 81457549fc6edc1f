import encodeQR from 'qr';

/** A page to print that holds an export. */
export type Sheet = {
  readonly title: string;
  /** What the page is for, and what it opens alone. */
  readonly about: string;
  /** Facts as term and value. */
  readonly facts: readonly (readonly [term: string, value: string])[];
  /** What is to be done to have the key back, one step after the other. */
  readonly steps: readonly string[];
  /** The export for paper (`toSheetText`), which is on the page in letters and as a QR code. */
  readonly text: string;
};

/** The page in HTML. It has no scripts and loads nothing. */
export const sheetPage = ({ title, about, facts, steps, text }: Sheet): string => `<!doctype html>
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
pre { font: 9.5pt/1.4 monospace; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #999; padding: 0.3cm; }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${escaped(about)}</p>
<dl>${facts.map(([term, value]) => `<dt>${escaped(term)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>
<h2>To recover the key</h2>
<ol>
${steps.map((step) => `<li>${escaped(step)}</li>\n`).join('')}</ol>
${encodeQR(text, 'svg', { ecc: 'medium' })}
<pre>${escaped(text)}</pre>
</body>
</html>
`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
