import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own root, the same from `src/` and from `dist/`: where config/, models/ and supabase/ lie. */
export const packageRoot: string = (() => {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return folder;
})();

/** A path inside the package. */
export function packagePath(...parts: readonly string[]): string {
  return path.join(packageRoot, ...parts);
}
