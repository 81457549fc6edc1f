/**
 * Electron's main process loads this before the application (`--require`). It records every message between the main
 * process and the others, as bytes: what the engine, the reader and the evaluator are sent and tell, what the page asks,
 * is answered and is told. CIPHERFILM_MESSAGES names the record.
 */
const { appendFileSync } = require('node:fs');
const { serialize } = require('node:v8');
const electron = require('electron');

const record = process.env.CIPHERFILM_MESSAGES;
// What cannot be cloned cannot be sent either.
const note = (message) => appendFileSync(record, serialize(message));

const { utilityProcess, ipcMain, app } = electron;
const fork = utilityProcess.fork.bind(utilityProcess);
utilityProcess.fork = (...given) => {
  const child = fork(...given);
  const post = child.postMessage.bind(child);
  child.postMessage = (message, ...rest) => {
    note(message);
    post(message, ...rest);
  };
  child.on('message', note);
  return child;
};
const handle = ipcMain.handle.bind(ipcMain);
ipcMain.handle = (channel, listener) =>
  handle(channel, async (event, ...asked) => {
    note([channel, asked]);
    const reply = await listener(event, ...asked);
    note(reply);
    return reply;
  });
app.on('web-contents-created', (_event, contents) => {
  const send = contents.send.bind(contents);
  contents.send = (...told) => {
    note(told);
    send(...told);
  };
});
