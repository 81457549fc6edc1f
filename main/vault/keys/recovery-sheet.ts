import encodeQR from 'qr';
import { fingerprintWords } from '../fingerprint.ts';
import type { Vault } from '../vault.ts';
import { exportText, save } from './key-files.ts';
import { keyNamed } from './key-records.ts';

/**
 * Writes a page to print and lock away: the export of a key as text and as a QR code, with the six words of the key.
 * The passphrase is not on it. The page has no scripts and loads nothing.
 *
 * @throws CxrError as `exportText` and `save`.
 */
export async function writeRecoverySheet(
  vault: Vault,
  fingerprint: string,
  passphrase: string,
  path: string,
): Promise<void> {
  const { label, generation, created } = keyNamed(vault.body, fingerprint);
  const text = await exportText(vault, fingerprint, { kind: 'passphrase', passphrase });
  const facts: readonly (readonly [string, string])[] = [
    ['Words of the key', fingerprintWords(fingerprint).join(' ')],
    ['Name', label === '' ? '–' : label],
    ['Number of the key', String(generation)],
    ['Made on', created.slice(0, 10)],
    ['Printed on', new Date().toISOString().slice(0, 10)],
  ];
  save(path, page(facts, text));
}

const page = (facts: readonly (readonly [string, string])[], text: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Cipherfilm recovery sheet</title>
<style>
body { max-width: 17cm; margin: 1cm auto; font: 11pt/1.4 sans-serif; color: #000; background: #fff; }
dl { display: grid; grid-template-columns: 5cm 1fr; gap: 0.1cm; }
dt { color: #444; } dd { margin: 0; font-weight: 600; }
svg { width: 9cm; height: 9cm; }
pre { font: 8pt/1.35 monospace; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #999; padding: 0.3cm; }
</style>
</head>
<body>
<h1>Cipherfilm recovery sheet</h1>
<p>With this sheet and its passphrase, a workstation can read what was encrypted with the key below. Keep both in different places.
The passphrase is not on the sheet, and nobody can find it out.</p>
<dl>${facts.map(([term, value]) => `<dt>${escaped(term)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>
<h2>To recover the key</h2>
<ol>
<li>Scan the code with a scanner that is connected to the workstation, into an empty text file. Or copy the text below it, all four lines.</li>
<li>In Cipherfilm open Keys, choose “Take in a key”, and take that file.</li>
<li>Give the passphrase, and compare the six words with those above.</li>
</ol>
${encodeQR(text, 'svg', { ecc: 'medium' })}
<pre>${escaped(text)}</pre>
</body>
</html>
`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
