import { createHmac } from 'node:crypto';
import { derivedUid } from '../../dataset/write/derived-uid.ts';
import type { Deidentified } from '../report.ts';

/**
 * Replaces names by others. The same name always becomes the same other one, so that images and reports of one study still
 * belong together, and those of two exports too. Who does not have the secret of this workstation cannot tell which name another
 * one stands for, not even by trying all names there are.
 */
export type Disguise = {
  readonly how: Deidentified;
  /** The UID that stands for another. */
  readonly uid: (uid: string) => string;
  /** So many hexadecimal digits that stand for a name. */
  readonly digits: (name: string, count: number) => string;
  /**
   * How many days the dates of a person are moved back, 1 to 3,650: the same for all of them, so that the time between two
   * studies stays.
   */
  readonly daysBack: (person: string) => number;
};

const mostDaysBack = 3650;

/** Makes a disguise out of a secret: 32 random bytes that this workstation keeps. */
export function disguise(secret: Uint8Array, how: Deidentified): Disguise {
  const keyed = (use: string, name: string) =>
    createHmac('sha256', secret).update(`${use}\0${name}`).digest();
  return {
    how,
    uid: (uid) => derivedUid('disguise', keyed('uid', uid).toString('hex')),
    digits: (name, count) => keyed('name', name).toString('hex').slice(0, count),
    daysBack: (person) => 1 + (keyed('days', person).readUInt32BE(0) % mostDaysBack),
  };
}

/** Moves a date, YYYYMMDD, so many days back. @returns null for what is no date. */
export function movedBack(date: string, days: number): string | null {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(date) ?? [];
  if (year === undefined) return null;
  const moved = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day) - days));
  return Number.isNaN(moved.getTime()) ? null : moved.toISOString().slice(0, 10).replaceAll('-', '');
}
