// Writes supabase/schema.sql anew: what the migrations make, as the embedded store has it after running them.
import { writeFile } from 'node:fs/promises';
import { schemaFile } from '../src/store/schema.ts';
import { dumpSchema } from '../test/support/schema-dump.ts';
import { memoryStore } from '../test/support/store.ts';

const store = await memoryStore();
await writeFile(schemaFile, await dumpSchema(store));
await store.close();
