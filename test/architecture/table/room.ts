/** What code may touch outside its own memory; what each means in modules is in rules.ts. */
export type Effect = 'files' | 'network' | 'processes';

/**
 * One room of the house: a folder with everything below it that has no row of its own, or a single file. Imports inside
 * a room are free; `mayImport` names the other rooms it may import from, types included.
 */
export type Room = {
  readonly room: string;
  readonly holds: string;
  readonly mayImport: readonly string[] | 'anything';
  readonly mayTouch: readonly Effect[];
};

export const nothing: readonly Effect[] = [];
export const all: readonly Effect[] = ['files', 'network', 'processes'];
