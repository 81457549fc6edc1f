import { hash256, uniformFromSeed } from './blake2x';
import { encodeOne } from './encode';
import { MODULUS_BYTES } from './modular';
import {
  add,
  addPlain,
  divide,
  multiply,
  prepareKey,
  sumsOfProducts,
  switchInto,
  toCoefficients,
  toRounded,
} from './tasks';

export { hash256 };

/** Gives the address from which on memory is free. */
export function heapBase(): usize {
  return __heap_base;
}

/**
 * Work is handed out unit by unit to all threads. The caller takes part and returns when all threads are through.
 *
 * The control words are: epoch, task, ring, arguments, units, next unit, threads that are through, stop, thread count.
 */
const EPOCH: usize = 0;
const TASK: usize = 4;
const RING: usize = 8;
const ARGUMENTS: usize = 12;
const UNITS: usize = 16;
const NEXT: usize = 20;
const THROUGH: usize = 24;
const STOP: usize = 28;
const THREADS: usize = 32;
/** A thread looks at the epoch so often before it goes to sleep; this takes some tens of microseconds. */
const SPINS: i32 = 20000;

/**
 * Runs all units of a task on all threads and returns when they are done.
 *
 * @param control  address of the control words.
 * @param task     number of the task, as `perform` lists them.
 * @param ring     address of the ring's tables.
 * @param args     address of the task's arguments.
 * @param units    number of units.
 */
export function runTask(control: usize, task: u32, ring: usize, args: usize, units: u32): void {
  const threads = load<u32>(control + THREADS);
  if (threads == 1 || units == 1) {
    for (let unit: u32 = 0; unit < units; unit++) perform(task, ring, args, <usize>unit, 0);
    return;
  }
  store<u32>(control + TASK, task);
  store<u32>(control + RING, <u32>ring);
  store<u32>(control + ARGUMENTS, <u32>args);
  store<u32>(control + UNITS, units);
  atomic.store<u32>(control + NEXT, 0);
  atomic.store<u32>(control + THROUGH, 0);
  atomic.add<u32>(control + EPOCH, 1);
  atomic.notify(control + EPOCH, threads - 1);
  takeUnits(control, 0);
  let spins = SPINS;
  while (true) {
    const through = atomic.load<u32>(control + THROUGH);
    if (through == threads - 1) return;
    if (--spins < 0) atomic.wait<i32>(control + THROUGH, <i32>through, 1000000);
  }
}

/** Takes one unit after the other until none is left. */
function takeUnits(control: usize, thread: i32): void {
  const units = load<u32>(control + UNITS);
  const task = load<u32>(control + TASK);
  const ring = <usize>load<u32>(control + RING);
  const args = <usize>load<u32>(control + ARGUMENTS);
  while (true) {
    const unit = atomic.add<u32>(control + NEXT, 1);
    if (unit >= units) return;
    perform(task, ring, args, <usize>unit, thread);
  }
}

/**
 * Does the work of a helper thread. It returns once it is told to stop.
 *
 * @param thread  number of the thread, from 1; the caller of `runTask` is 0.
 */
export function serve(control: usize, thread: i32): void {
  let seen: u32 = 0;
  while (true) {
    let spins = SPINS;
    while (atomic.load<u32>(control + EPOCH) == seen) {
      if (--spins < 0) atomic.wait<i32>(control + EPOCH, <i32>seen, -1);
    }
    seen = atomic.load<u32>(control + EPOCH);
    if (atomic.load<u32>(control + STOP) != 0) return;
    takeUnits(control, thread);
    atomic.add<u32>(control + THROUGH, 1);
    atomic.notify(control + THROUGH, 1);
  }
}

/** Tells all helper threads to return. */
export function stop(control: usize): void {
  atomic.store<u32>(control + STOP, 1);
  atomic.add<u32>(control + EPOCH, 1);
  atomic.notify(control + EPOCH, -1);
}

/**
 * The ring has two words beyond those of tasks.ts: a pointer to the encoder's tables, and one to the scratch of each
 * thread.
 */
const RING_ENCODER: usize = 20;
const RING_SCRATCH: usize = 16;

/** Does one unit of a task. he/run/kernel/ring.ts names the tasks by the same numbers. */
function perform(task: u32, ring: usize, args: usize, unit: usize, thread: i32): void {
  switch (task) {
    case 0:
      toCoefficients(ring, args, unit);
      break;
    case 1:
      switchInto(ring, args, unit, thread);
      break;
    case 2:
      toRounded(ring, args, unit);
      break;
    case 3:
      divide(ring, args, unit, thread);
      break;
    case 4:
      add(ring, args, unit);
      break;
    case 5:
      addPlain(ring, args, unit);
      break;
    case 6:
      sumsOfProducts(ring, args, unit);
      break;
    case 7:
      multiply(ring, args, unit);
      break;
    case 8:
      prepareKey(ring, args, unit, thread);
      break;
    case 9:
      encodeOne(ring, args, unit, scratchOf(ring, thread), <usize>load<u32>(ring + RING_ENCODER));
      break;
    case 10:
      expand(ring, args, unit, thread);
      break;
  }
}

/** Finds the scratch of a thread. */
function scratchOf(ring: usize, thread: i32): usize {
  return <usize>load<u32>(<usize>load<u32>(ring + RING_SCRATCH) + ((<usize>thread) << 2));
}

/**
 * Expands a seed to uniform limbs. The arguments take 20 bytes per unit: seed, list of modulus indices, number of
 * limbs, out, scratch of limbs·N 64-bit words.
 */
function expand(ring: usize, args: usize, unit: usize, thread: i32): void {
  const own = args + unit * 20;
  const limbs = load<i32>(own + 8);
  const scratch = scratchOf(ring, thread);
  const moduli = <usize>load<u32>(ring + 8);
  const indices = <usize>load<u32>(own + 4);
  // The list of pointers lies behind the reader and its buffer.
  const list = scratch + 8192;
  for (let limb: usize = 0; limb < <usize>limbs; limb++)
    store<u32>(list + (limb << 2), <u32>(moduli + <usize>load<u32>(indices + (limb << 2)) * MODULUS_BYTES));
  uniformFromSeed(
    <usize>load<u32>(own),
    list,
    limbs,
    load<i32>(ring),
    <usize>load<u32>(own + 12),
    <usize>load<u32>(own + 16),
    scratch,
  );
}
