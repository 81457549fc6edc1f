import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { protocol, type Session } from 'electron';
import { fileUnder } from './file-under.ts';

/** The origin at which the window's page lives. Requests from any other origin are refused. */
export const appOrigin = 'app://cipherfilm';

/**
 * The page's content security policy. The page may load nothing inline and nothing remote, and may open no connection:
 * it talks through the bridge only. Trusted Types leave Svelte's own template policy as the one way to make markup of
 * strings.
 */
export const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html',
].join('; ');

const mimeTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Declares `app:` as a secure scheme with origins. It must run before the application is ready. */
export function declareAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
}

/**
 * Serves the built page under app://cipherfilm, and closes file:// and every network scheme for the window's session.
 */
export function serveRenderer(session: Session, rendererFolder: string): void {
  session.protocol.handle('app', (request) => respond(request, rendererFolder));
  session.protocol.handle('file', () => new Response(null, { status: 403 }));
  session.webRequest.onBeforeRequest((details, decide) => {
    decide({ cancel: !/^(app|devtools|blob):/.test(details.url) });
  });
}

async function respond(request: Request, rendererFolder: string): Promise<Response> {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.host !== 'cipherfilm') return new Response(null, { status: 403 });
  const path = fileUnder(rendererFolder, url.pathname);
  const mimeType = path === null ? undefined : mimeTypes[extname(path)];
  if (path === null || mimeType === undefined) return new Response(null, { status: 404 });
  try {
    return new Response(new Uint8Array(await readFile(path)), { headers: headersFor(mimeType) });
  } catch {
    return new Response(null, { status: 404 });
  }
}

function headersFor(mimeType: string): Record<string, string> {
  return {
    'content-type': mimeType,
    'content-security-policy': contentPolicy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  };
}
