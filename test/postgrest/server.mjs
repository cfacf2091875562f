// Supabase's own REST API in front of a Postgres, the tests' stand-in for PostgREST: prints its origin once it listens.
//   SUPABASE_TEST_DATABASE   as a login role that may become anon, authenticated and service_role, and owns nothing
//   SUPABASE_TEST_SECRET     the key that service_role goes by
import { serve } from '@hono/node-server';
import { App } from '@supabase/lite';
import { createPostgresConnection } from '@supabase/lite/postgres';

const { SUPABASE_TEST_DATABASE: url, SUPABASE_TEST_SECRET: secret } = process.env;

// arguments are JSON text already: the driver would encode them once more
const asText = (oid) => ({
  to: oid,
  from: [oid],
  parse: JSON.parse,
  serialize: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
});
const postgresOptions = {
  max: 8,
  onnotice: () => undefined,
  types: { json: asText(114), jsonb: asText(3802) },
};
const connection = createPostgresConnection({ url, postgresOptions });
const app = new App({ connection, auth: { enabled: false, secret_key: secret } });

// its refusals are told to the client; on the console they are noise
console.error = () => undefined;

const listening = { fetch: (request) => app.fetch(request), hostname: '127.0.0.1', port: 0 };
serve(listening, async ({ port }) => {
  const origin = `http://127.0.0.1:${port}`;
  // its first request tries to give every role every right, which this role may not; after that it serves
  await fetch(`${origin}/rest/v1/rpc/touchpoint_check`, {
    method: 'POST',
    headers: { apikey: secret, 'content-type': 'application/json' },
    body: '{"p":{}}',
  });
  console.log(origin);
});

// the parent holds the other end of this pipe: however it ends, this ends too
process.stdin.on('end', () => process.exit()).resume();
