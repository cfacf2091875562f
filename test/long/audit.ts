import type { Sql } from './report.ts';

/** Keeps a record in the database of who moved which cursor when, and under whose lease. */

const TRAIL = `
  create schema audit;
  create table audit.moves (
    id bigint generated always as identity primary key,
    feed bigint not null,
    old_version bigint not null,
    new_version bigint not null,
    lease_owner text,
    lease_until timestamptz,
    mover text not null,
    at timestamptz not null
  );
  create function audit.note() returns trigger language plpgsql security definer set search_path = audit, pg_temp as $$
  begin
    insert into moves (feed, old_version, new_version, lease_owner, lease_until, mover, at)
    values (new.id, old.cursor_version, new.cursor_version, old.lease_owner, old.lease_until,
      current_setting('application_name'), clock_timestamp());
    return null;
  end $$;
  create trigger audited after update on touchpoint.feeds for each row
    when (old.cursor_version is distinct from new.cursor_version or old.delta_link is distinct from new.delta_link
      or old.next_link is distinct from new.next_link)
    execute function audit.note()`;

export async function keepTrail(sql: Sql): Promise<void> {
  await sql(TRAIL);
}

export interface Trail {
  /** Cursors moved, all feeds together. */
  readonly moves: number;
  /** Processes that moved any. */
  readonly movers: number;
  /** How often a feed's cursor was moved by another process than the time before. */
  readonly handovers: number;
  /** Moves that skipped or repeated a version, or that were made while somebody else's lease was valid. */
  readonly wrong: readonly string[];
}

const WRONG = `
  with moves as (
    select m.*, lag(new_version, 1, 0) over (partition by feed order by id) as before
    from audit.moves m where old_version <> new_version
  )
  select format('feed %s: version %s to %s after %s by %s at %s, leased to %s until %s', feed, old_version, new_version,
    before, mover, at, lease_owner, lease_until) as move
  from moves
  where new_version <> old_version + 1 or old_version <> before
    or (lease_owner <> mover and lease_until >= at)
  union all
  -- whoever moves the cursor counts: links never change at a standing version
  select format('feed %s: another link at version %s by %s', a.feed, a.new_version, a.mover)
  from audit.moves a
  where a.old_version = a.new_version and not exists (
    select from audit.moves b where b.feed = a.feed and b.new_version = a.new_version and b.old_version <> b.new_version
      and b.mover = a.mover and b.id < a.id)`;

const FIGURES = `
  select count(*)::int as moves, count(distinct mover)::int as movers,
    (count(*) filter (where mover <> previous))::int as handovers
  from (select mover, lag(mover) over (partition by feed order by id) as previous
    from audit.moves where old_version <> new_version) m`;

export async function readTrail(sql: Sql): Promise<Trail> {
  const [figures] = await sql(FIGURES);
  const wrong = (await sql(WRONG)).map(({ move }) => String(move));
  const number = (name: string) => Number(figures?.[name]);
  return { moves: number('moves'), movers: number('movers'), handovers: number('handovers'), wrong };
}
