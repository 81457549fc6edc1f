import { app, type BrowserWindow, dialog, powerMonitor } from 'electron';
import { leavingQuestion, quitAnswer, type Unfinished } from './leaving-question.ts';

/**
 * Asks before the window closes while work is in flight. A person decides in the system's dialog. Whoever ends the
 * program from outside, the system that shuts down or a signal, is not asked: what is in flight is on the disk and goes
 * on at the next start.
 */
export function askBeforeLeaving(window: BrowserWindow, unfinished: () => Unfinished): void {
  let isDecided = false;
  let isAsking = false;
  const leave = () => {
    isDecided = true;
    app.quit();
  };
  window.on('close', (event) => {
    const question = isDecided ? null : leavingQuestion(unfinished());
    if (question === null) return;
    event.preventDefault();
    if (isAsking) return;
    isAsking = true;
    void dialog.showMessageBox(window, question).then(({ response }) => {
      isAsking = false;
      if (response === quitAnswer) leave();
    });
  });
  window.on('query-session-end', leave);
  powerMonitor.on('shutdown', leave);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, leave);
}
