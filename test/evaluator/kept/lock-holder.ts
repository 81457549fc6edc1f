import { lockFolder } from '../../../evaluator/store/folder-lock.ts';

/** Takes the lock of the folder that is named and holds it, or prints the code with which it was refused. */
try {
  await lockFolder(process.argv[2]!, 300);
  process.stdout.write('held');
  setInterval(() => {}, 1_000);
} catch (error) {
  process.stdout.write((error as { code: string }).code);
}
