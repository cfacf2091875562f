// In a clone there is no node_modules/.bin/touchpoint, as npm links only what is installed: so that `npx touchpoint`
// works here too, the build puts it there.
import { chmod, mkdir, rm, symlink } from 'node:fs/promises';

const built = new URL('../dist/cli/main.js', import.meta.url);
const bin = new URL('../node_modules/.bin/', import.meta.url);
await chmod(built, 0o755);
if (process.platform !== 'win32') {
  await mkdir(bin, { recursive: true });
  await rm(new URL('touchpoint', bin), { force: true });
  await symlink('../../dist/cli/main.js', new URL('touchpoint', bin));
}
