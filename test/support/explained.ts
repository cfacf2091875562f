import pg from 'pg';

/** A connection that tells how each statement was really run, also those inside functions. */
export interface Explained {
  readonly client: pg.Client;
  /** auto_explain's plans since it was last emptied, as text. */
  readonly plans: string[];
}

/** As a superuser: nobody else may load auto_explain. */
export async function openExplained(url: string): Promise<Explained> {
  const client = new pg.Client({ connectionString: url });
  const plans: string[] = [];
  await client.connect();
  client.on('notice', ({ message }) => plans.push(message ?? ''));
  await client.query(`load 'auto_explain'; set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on; set auto_explain.log_analyze = on;
    set client_min_messages = log`);
  return { client, plans };
}
