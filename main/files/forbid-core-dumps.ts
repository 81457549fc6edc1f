import { writeFileSync } from 'node:fs';

/**
 * Keeps the memory of this process, and of those that it starts, out of core dumps: files that Linux writes, or hands to
 * a collector, when a process crashes. A dump then names the crash, but holds no memory, and so no key. It does nothing on
 * other systems: macOS writes none by default, and Windows has no such switch for a process.
 *
 * @see core(5), "Controlling which mappings are written to the core dump"
 */
export function forbidCoreDumps(): void {
  if (process.platform !== 'linux') return;
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    // A container without /proc; the system's own limit on core dumps still holds.
  }
}
