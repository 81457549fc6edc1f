/** What was asked for cannot be done like this. The message is one sentence for whoever typed it; the status is 2. */
export class UsageError extends Error {}
