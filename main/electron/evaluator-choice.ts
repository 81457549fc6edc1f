/** Where ciphertexts are evaluated: on this machine, or at an address somebody configured. */
export type EvaluatorChoice =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'remote'; readonly url: string };

/**
 * Chooses the evaluator: `--evaluator URL`, then the environment, then `evaluator` in <userData>/config.json, else
 * embedded. What is configured is passed on even if it is not a usable URL: the engine refuses it by name
 * ('evaluator-url'), and nothing falls back to another place than the one configured.
 *
 * @param configText content of config.json; null when there is none.
 */
export function chooseEvaluator(
  environment: Readonly<Record<string, string | undefined>>,
  argv: readonly string[],
  configText: string | null,
): EvaluatorChoice {
  const flagAt = argv.indexOf('--evaluator');
  const inline = argv.find((argument) => argument.startsWith('--evaluator='))?.slice('--evaluator='.length);
  const configured =
    (flagAt === -1 ? inline : (argv[flagAt + 1] ?? '')) ||
    environment.CIPHERFILM_EVALUATOR ||
    (configText === null ? undefined : fromConfig(configText));
  return configured === undefined || configured === ''
    ? { kind: 'embedded' }
    : { kind: 'remote', url: configured };
}

/** A configuration that cannot be read must not mean "embedded": it yields an address that will be refused. */
function fromConfig(text: string): string | undefined {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null || !('evaluator' in json)) return undefined;
    return typeof json.evaluator === 'string' ? json.evaluator : 'config.json';
  } catch {
    return 'config.json';
  }
}
