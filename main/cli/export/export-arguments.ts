import { type ExportForm, exportForms } from '../../../contract/exchange/export.ts';

/** What the arguments say about exporting results. */
export type ExportArguments = {
  readonly folder: string;
  readonly forms: readonly ExportForm[];
  /** Null where reports name their patient. */
  readonly anonymous: { readonly dates: 'removed' | 'shifted'; readonly filmsChecked: boolean } | null;
};

/** The values of the options as they were given. */
export type ExportOptions = {
  readonly export: string | undefined;
  readonly as: string | undefined;
  readonly anonymous: boolean;
  readonly 'shift-dates': boolean;
  readonly 'films-checked': boolean;
};

/**
 * Understands the options about exporting.
 *
 * @returns what is to be exported; null where nothing is; a text that says what is wrong with the options.
 */
export function readExportArguments(options: ExportOptions): ExportArguments | null | string {
  const needs = (option: string, other: string) =>
    `--${option} says something about --${other}, which is missing`;
  if (options.export === undefined) {
    const orphan = (['as', 'anonymous', 'shift-dates', 'films-checked'] as const).find(
      (name) => options[name] !== undefined && options[name] !== false,
    );
    return orphan === undefined ? null : needs(orphan, 'export');
  }
  const orphan = (['shift-dates', 'films-checked'] as const).find((name) => options[name]);
  if (orphan !== undefined && !options.anonymous) return needs(orphan, 'anonymous');
  const usual = exportForms.filter((form) => form !== 'film' || options.anonymous);
  const words = (options.as ?? usual.join(',')).split(',').map((word) => word.trim());
  const unknown = words.find((word) => !isForm(word));
  if (unknown !== undefined)
    return `--as has no form ${JSON.stringify(unknown)}; there are ${exportForms.join(', ')}`;
  if (words.includes('film') && !options.anonymous) return '--as film needs --anonymous';
  const dates = options['shift-dates'] ? 'shifted' : 'removed';
  return {
    folder: options.export,
    forms: exportForms.filter((form) => words.includes(form)),
    anonymous: options.anonymous ? { dates, filmsChecked: options['films-checked'] } : null,
  };
}

const isForm = (word: string): word is ExportForm => (exportForms as readonly string[]).includes(word);
