import { encode } from 'fast-png';
import PDFDocument from 'pdfkit';
import { dayInWords } from '../../contract/words/day.ts';
import {
  type ReportedFinding,
  reportedFindings,
  researchUse,
  standingWords,
} from '../../contract/words/finding-words.ts';
import type { Picture } from '../../dicom/objects/picture/canvas.ts';
import type { Report } from '../../dicom/objects/report.ts';

const margin = 42;
const pageWidth = 595.28;
const textWidth = pageWidth - 2 * margin;
const filmHeight = 250;
const rowHeight = 13;
/** Where the columns of the table begin, and how wide they are, points. */
const table = [
  { left: margin, width: 160 },
  { left: margin + 160, width: 70 },
  { left: margin + 230, width: 90 },
  { left: margin + 320, width: textWidth - 320 },
] as const;

/**
 * Writes a result as a page to read (PDF): whom and what it is about, the film reduced, findings with score, thresholds and
 * verdict, and what was computed by which model.
 *
 * @param film  the film under its first grayscale, reduced.
 */
export async function pdfReport(report: Report, film: Picture): Promise<Uint8Array> {
  const { result, at, version, deidentified, cautions } = report;
  const page = new PDFDocument({
    ...{ size: 'A4', margin, lang: 'en', displayTitle: true, pdfVersion: '1.7' },
    info: {
      Title: 'Findings of a model on a chest radiograph',
      Creator: `Cipherfilm ${version}`,
      Producer: `Cipherfilm ${version}`,
      CreationDate: at,
    },
  });
  const written = bytesOf(page);
  page.font('Helvetica-Bold').fontSize(15).text('Findings of a model on a chest radiograph');
  notice(page);
  for (const line of identityLines(report)) page.font('Helvetica').fontSize(9.5).text(line);
  page.moveDown(0.5);
  drawFilm(page, film);
  drawTable(page, reportedFindings(result));
  page.moveDown(0.5).font('Helvetica-Bold').fontSize(9.5);
  for (const line of cautions) page.text(line, margin, undefined, { width: textWidth });
  page.moveDown(0.5).font('Helvetica').fontSize(8);
  for (const line of technicalLines(report)) page.text(line, margin, undefined, { width: textWidth });
  if (deidentified === null) page.text(`Result of ${at.toISOString()}.`);
  page.end();
  return await written;
}

type Page = InstanceType<typeof PDFDocument>;

async function bytesOf(page: Page): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of page as AsyncIterable<Uint8Array>) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

function notice(page: Page): void {
  page.moveDown(0.3);
  const top = page.y;
  page.rect(margin, top, textWidth, 20).fillAndStroke('#fff3c4', '#8a6d00');
  page.fillColor('black').font('Helvetica-Bold').fontSize(10);
  page.text(researchUse, margin + 6, top + 5.5, { width: textWidth - 12 });
  page.x = margin;
  page.moveDown(0.8);
}

/** Whom and what the report is about; for an anonymous one the names that stand for them. */
function identityLines({ source: { patient, study, image }, deidentified }: Report): string[] {
  const stated = (label: string, value: string | null) =>
    `${label}: ${value === null ? 'not stated' : printable(value)}`;
  const uids = [stated('Study', study.uid), stated('Image', image.uid)];
  if (deidentified !== null) return ['Made anonymous (PS3.15 Basic Profile).', ...uids];
  return [
    stated(
      'Patient',
      patient.name
        ?.split('=')
        .find((name) => name !== '')
        ?.replaceAll('^', ' ')
        .trim() ?? null,
    ),
    [
      stated('Patient ID', patient.id),
      stated('born', dayOf(patient.birthDate)),
      stated('sex', patient.sex),
    ].join('    '),
    [stated('Study of', dayOf(study.date)), stated('accession', study.accession)].join('    '),
    ...uids,
  ];
}

/** YYYYMMDD in words. */
const dayOf = (date: string | null): string | null =>
  date === null ? null : dayInWords(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`);

function drawFilm(page: Page, { rows, columns, pixels }: Picture): void {
  const png = encode({ width: columns, height: rows, data: pixels, channels: 1, depth: 8 });
  const top = page.y;
  page.image(Buffer.from(png), margin, top, { fit: [textWidth, filmHeight] });
  page.x = margin;
  page.y = top + Math.min(filmHeight, (rows / columns) * textWidth) + 8;
}

const order = ['above', 'indeterminate', 'below', 'not assessed'] as const;

function drawTable(page: Page, findings: readonly ReportedFinding[]): void {
  row(page, ['Finding', 'Score', 'Thresholds', 'Verdict'], true);
  const sorted = order.flatMap((standing) => findings.filter((finding) => finding.standing === standing));
  for (const { title, score, thresholds, standing } of sorted)
    row(
      page,
      [
        title,
        score === null ? '' : `${score} %`,
        thresholds === null ? '' : `${thresholds.low} % and ${thresholds.high} %`,
        standingWords[standing],
      ],
      standing === 'above',
    );
  page.moveDown(0.5).font('Helvetica').fontSize(8);
  page.text(
    'A score is a number of the model and no probability that the patient has the finding. Scores of different findings cannot be compared. Below is not the same as absent.',
    margin,
    undefined,
    { width: textWidth },
  );
}

function row(page: Page, cells: readonly string[], isBold: boolean): void {
  page.font(isBold ? 'Helvetica-Bold' : 'Helvetica').fontSize(9.5);
  // Otherwise every cell that does not fit begins a page of its own.
  if (page.y + rowHeight > page.page.height - margin) page.addPage();
  const top = page.y;
  cells.forEach((text, index) => {
    const { left, width } = table[index]!;
    page.text(text, left, top, { width, lineBreak: false, ellipsis: true });
  });
  page.x = margin;
  page.y = top + rowHeight;
}

function technicalLines({ result, version }: Report): string[] {
  const { bundle, keyId, jobId, digests, parameters } = result;
  return [
    `Computed on ciphertext (CKKS, ${parameters.securityBits}-bit security) by model ${bundle.name}, Cipherfilm ${version}.`,
    `Model ${bundle.id}`,
    `Key ${keyId}`,
    `Job ${jobId}, question ${digests.sent}`,
  ];
}

/** The letters of the standard fonts, which every viewer has (PDF 32000-1 annex D, WinAnsiEncoding). */
const unprintable =
  /[^\x20-\x7e\u00a0-\u00ff\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178]/gu;

/** A text with other letters says that it has them: with letters left out a name could be taken for another. */
function printable(text: string): string {
  const shown = text.replace(unprintable, '?');
  return shown === text ? text : `${shown} (has letters that this page cannot print)`;
}
