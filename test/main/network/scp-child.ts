import { receiving } from './receiving.ts';

/** A process that receives and does nothing else, so that its memory is that of receiving. */
let mostBytes = 0;
const look = (): number => {
  mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
  return mostBytes;
};
setInterval(look, 5);
const here = await receiving();
process.send!({ port: here.scp.port });
process.on('message', () => process.send!({ mostBytes: look(), stored: here.stored.length }));
process.on('disconnect', () => void here[Symbol.asyncDispose]().then(() => process.exit()));
