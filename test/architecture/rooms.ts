import type { Room } from './table/room.ts';
import { buildFiles, rooms } from './table/table.ts';

const byName = new Map(rooms.map((row) => [row.room, row]));
const isFile = (room: string): boolean => /\.\w+$/.test(room);

/** Rooms with folders of their own below them: each further folder in one of these needs a row too. */
const divided = new Set(
  rooms.filter(({ room }) => rooms.some((other) => !isFile(other.room) && other.room.startsWith(`${room}/`))),
);

/** The row that a file belongs to: the nearest that names it or a folder above it. */
export function roomOf(path: string): Room | undefined {
  const own = byName.get(path);
  if (own !== undefined) return own;
  for (let folder = parentOf(path), depth = 0; folder !== ''; folder = parentOf(folder), depth += 1) {
    const row = byName.get(folder);
    if (row !== undefined) return depth > 0 && divided.has(row) ? undefined : row;
  }
  return undefined;
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

export const isBuildFile = (path: string): boolean => buildFiles.includes(path);

/** Whether the room is no part of the product: it may import everything, and nothing imports it. */
export const isOutside = (path: string): boolean => roomOf(path)?.mayImport === 'anything';
