import type { KeyRequestKind } from './vault.ts';

/**
 * The requests about keys that take long enough to show progress. They can be cancelled. The list lies apart from the
 * schemas because the window's page needs it: zod would compile functions from text there, which its policy refuses.
 */
export const longRequests: readonly KeyRequestKind[] = ['create', 'rotate', 'verify'];
