import type { Room } from './table/room.ts';
import { rooms } from './table/table.ts';

/** Documents that show the table, between two markers. */
export const documents = ['docs/architecture.md', 'CONTRIBUTING.md'] as const;

const begin = '<!-- begin of the import table: npm run architecture writes it -->';
const end = '<!-- end of the import table -->';

const shown = (names: readonly string[]): string =>
  names.length === 0 ? '–' : names.map((name) => `\`${name}\``).join(', ');

const row = ({ room, holds, mayImport, mayTouch }: Room): string => {
  const imports = mayImport === 'anything' ? 'anything; nothing of the product imports it' : shown(mayImport);
  const touches = mayTouch.length === 0 ? '–' : mayTouch.join(', ');
  const name = room.includes('.') ? room : `${room}/`;
  return `| \`${name}\` | ${holds} | ${imports} | ${touches} |`;
};

const table = (): string =>
  ['| room | what | may import | may touch |', '|---|---|---|---|', ...rooms.map(row)].join('\n');

/** The document with the table of the code between its markers. @throws Error for a document without them. */
export function withTable(text: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`expected the lines "${begin}" and "${end}"`);
  return `${text.slice(0, from)}${begin}\n\n${table()}\n\n${text.slice(to)}`;
}
