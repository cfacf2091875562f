import { newKey } from '../server/api/keys.ts';
import { printJson, printLine } from './output.ts';

export interface KeyOptions {
  readonly name: string;
  readonly scope: readonly string[];
  readonly withhold?: readonly string[];
  readonly json?: boolean;
}

/** Makes an API key and the entry that the settings keep of it; stores nothing. */
export function key({ name, scope, withhold = [], json }: KeyOptions): number {
  const { key, sha256 } = newKey();
  const entry = { name, sha256, scopes: scope, withhold };
  if (json === true) {
    printJson({ key, entry });
    return 0;
  }
  printLine(`key: ${key}`);
  printLine('It is shown this once. Put its entry under server.keys in touchpoint.yaml:');
  printLine('');
  printLine(`    - name: ${JSON.stringify(name)}`);
  printLine(`      sha256: ${sha256}`);
  printLine(`      scopes: [${scope.join(', ')}]`);
  printLine(`      withhold: [${withhold.join(', ')}]`);
  return 0;
}
