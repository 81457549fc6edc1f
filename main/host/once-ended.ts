import type { End, Port } from './port.ts';

/** The part of a port that tells of the child's end, and the function that makes it so; only the first call of that counts. */
export function onceEnded(): Pick<Port<never, never>, 'onEnd'> & { readonly end: (end: End) => void } {
  const listeners: ((end: End) => void)[] = [];
  let ended: End | null = null;
  return {
    onEnd: (listener) => {
      if (ended === null) listeners.push(listener);
      else listener(ended);
    },
    end: (end) => {
      if (ended !== null) return;
      ended = end;
      for (const listener of listeners.splice(0)) listener(end);
    },
  };
}
