import {
  type ReportedFinding,
  reportedFindings,
  researchUse,
  type Standing,
} from '../../../contract/words/finding-words.ts';
import type { Report } from '../report.ts';
import { Canvas, letterWidth, lineHeight, type Picture } from './canvas.ts';

const text = 2;
const heading = 3;
const margin = 16;
const panelLetters = 58;
const panelColumns = panelLetters * letterWidth(text) + 2 * margin;
const bannerRows = lineHeight(heading) + margin;
const [white, light, black] = [255, 190, 0];
/** Rows and columns of a DICOM image have 16 bits; films that are given here are far smaller. */
const largestSide = 4096;

const groups: readonly (readonly [Standing, string])[] = [
  ['above', 'Above the threshold'],
  ['indeterminate', 'Between: the model cannot tell'],
  ['below', 'Below, not the same as absent'],
  ['not assessed', 'Not assessed'],
];

/**
 * Draws a film with its findings beside it, and across both what this is not. No name and no date is drawn, so that the pixels
 * say no more about a person than the film does.
 *
 * @param film  the film as the window shows it, at most 4096 pixels a side.
 */
export function findingsPicture(report: Report, film: Picture): Picture {
  if (Math.max(film.rows, film.columns) > largestSide) throw new TypeError('"film" expected a reduced film');
  const lines = panelLines(report);
  const panelRows = lines.length * lineHeight(text) + 2 * margin;
  const bannerLines = wrapped(
    researchUse,
    Math.floor((film.columns + panelColumns - 2 * margin) / letterWidth(heading)),
  );
  const top = bannerRows * bannerLines.length;
  const canvas = new Canvas(top + Math.max(film.rows, panelRows), film.columns + panelColumns);
  canvas.fill(0, 0, top, canvas.columns, white);
  bannerLines.forEach((line, index) => {
    canvas.write(line, index * bannerRows + margin, margin, heading, black);
  });
  canvas.place(film, top, 0);
  lines.forEach((line, index) => {
    const isGroup = groups.some(([, title]) => title === line);
    canvas.write(
      line,
      top + margin + index * lineHeight(text),
      film.columns + margin,
      text,
      isGroup ? white : light,
    );
  });
  return canvas;
}

/** The lines beside the film: findings by group, the model, and what the analysis is called. */
function panelLines({ result, version, cautions }: Report): readonly string[] {
  const findings = reportedFindings(result);
  const found = groups.flatMap(([standing, title]) => {
    const members = findings.filter((finding) => finding.standing === standing);
    return members.length === 0 ? [] : [title, ...members.map(findingLine), ''];
  });
  const warned = cautions.flatMap((caution) => [...wrapped(plain(caution), panelLetters), '']);
  return [
    ...found,
    ...warned,
    'Score in percent, in brackets the two thresholds. Scores',
    'of different findings cannot be compared.',
    '',
    `Cipherfilm ${version}, model ${result.bundle.name}`,
    `model ${result.bundle.id.slice(0, 32)}`,
    `job   ${result.jobId}`,
    `key   ${result.keyId.slice(0, 32)}`,
  ].map((line) => line.slice(0, panelLetters));
}

/** The letters that the font has in place of typographic ones. */
const plain = (words: string): string => words.replaceAll('’', "'").replaceAll('\u00a0', ' ');

const findingLine = ({ title, score, thresholds }: ReportedFinding): string =>
  score === null || thresholds === null
    ? `  ${title}`
    : `  ${title.padEnd(30)} ${score.padStart(5)} %  (${thresholds.low}, ${thresholds.high})`;

/** Breaks a text at blanks into lines of at most so many letters. */
function wrapped(words: string, letters: number): string[] {
  const lines: string[] = [''];
  for (const word of words.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length > letters && lines.at(-1) !== '') lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
