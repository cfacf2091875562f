-- A page's commit whose cost does not grow with what is stored, whatever the planner knows.
--
-- A store that is being filled has no statistics: its plans are made while it is empty and kept by the connection, and an
-- embedded one gathers none ever. So every look-up here is one that has a single way to be answered: by the unique index.
-- That takes a lateral subquery with a limit, no sequential scans, and no second index that begins with the same column.

-- touchpoints_page and touchpoints_when answer what this one did.
drop index touchpoint.touchpoints_time;

-- What is new is sorted in by the hundred words and not one by one, which was a third of what a new touchpoint cost. The
-- list of what is still to be sorted in stays so short (in kB) that reading it costs a search nothing to speak of.
alter index touchpoint.touchpoints_words set (fastupdate = on, gin_pending_list_limit = 128);
alter index touchpoint.touchpoints_people set (fastupdate = on, gin_pending_list_limit = 128);
alter index touchpoint.touchpoints_addresses set (fastupdate = on, gin_pending_list_limit = 128);

create function touchpoint.write_touchpoints(items jsonb, at timestamptz) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp set enable_seqscan = off set jit = off as $$
-- items: [{mailbox, graph_id, kind, source_key, ..., rank, modified_at}] -> [{kind, source_key, id, outcome}]
-- where outcome is inserted | updated | restored | unchanged, one per distinct touchpoint; id is null where nothing was
-- written: such a row is locked, and whoever wants its id looks it up in a statement of its own, which sees more.
-- Content is taken from the best copy: the organiser's or sender's own (rank 1) before others, then the newest;
-- the copy it came from may always replace itself. So five copies never flap, whatever order they come in.
-- Of equals in one call the last wins.
declare
  result jsonb;
begin
  with incoming as (
    select distinct on (i.kind, i.source_key) i.*
    from rows from (jsonb_to_recordset(items) as (mailbox text, graph_id text, kind text, source_key text, client uuid,
      client_method text, client_confidence real, occurred_at timestamptz, ends_at timestamptz, all_day boolean,
      time_zone text, title text, body text, people jsonb, details jsonb, content_hash text, text_hash text,
      rank smallint, modified_at timestamptz)) with ordinality as i
    order by i.kind, i.source_key, i.rank desc, i.modified_at desc nulls last, i.graph_id, i.ordinality desc
  ),
  before as (
    select i.kind, i.source_key, t.deleted_at,
      t.content_hash <> i.content_hash or t.client is distinct from i.client as differs
    from incoming i cross join lateral (
      select k.deleted_at, k.content_hash, k.client from touchpoints k
      where k.kind = i.kind and k.source_key = i.source_key limit 1) t
  ),
  written as (
    insert into touchpoints as t (kind, source_key, client, client_method, client_confidence, occurred_at, ends_at,
      all_day, time_zone, title, body, people, details, content_hash, text_hash,
      source_mailbox, source_graph_id, source_rank, source_modified, created_at, updated_at)
    select i.kind, i.source_key, i.client, i.client_method, i.client_confidence, i.occurred_at, i.ends_at,
      i.all_day, i.time_zone, i.title, i.body, i.people, i.details, i.content_hash, i.text_hash,
      i.mailbox, i.graph_id, i.rank, i.modified_at, at, at
    from incoming i
    order by i.kind, i.source_key
    on conflict (kind, source_key) do update set
      client = excluded.client, client_method = excluded.client_method, client_confidence = excluded.client_confidence,
      occurred_at = excluded.occurred_at, ends_at = excluded.ends_at, all_day = excluded.all_day,
      time_zone = excluded.time_zone, title = excluded.title, body = excluded.body, people = excluded.people,
      details = excluded.details, content_hash = excluded.content_hash, text_hash = excluded.text_hash,
      source_mailbox = excluded.source_mailbox, source_graph_id = excluded.source_graph_id,
      source_rank = excluded.source_rank, source_modified = excluded.source_modified,
      attempts = case when t.text_hash = excluded.text_hash then t.attempts else 0 end,
      updated_at = at, deleted_at = null
    where t.deleted_at is not null
      or (
        (t.content_hash <> excluded.content_hash or t.client is distinct from excluded.client
          or t.source_rank < excluded.source_rank)
        and (
          (t.source_mailbox = excluded.source_mailbox and t.source_graph_id = excluded.source_graph_id)
          or (t.source_rank, coalesce(t.source_modified, '-infinity'))
             <= (excluded.source_rank, coalesce(excluded.source_modified, '-infinity'))
        )
      )
    -- only a row that this very statement inserted has no xmax: what "before" saw may be older than what was there
    returning t.id, t.kind, t.source_key, t.xmax = 0 as inserted
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'kind', i.kind,
    'source_key', i.source_key,
    'id', w.id,
    'outcome', case
      when w.id is null then 'unchanged'
      when w.inserted then 'inserted'
      when b.deleted_at is not null then 'restored'
      when b.kind is null or b.differs then 'updated'
      else 'unchanged' end)), '[]')
  into result
  from incoming i
  left join before b on b.kind = i.kind and b.source_key = i.source_key
  left join written w on w.kind = i.kind and w.source_key = i.source_key;
  return result;
end
$$;

create or replace function touchpoint.upsert_touchpoints(items jsonb, at timestamptz) returns jsonb
language sql security invoker set search_path = touchpoint, pg_temp as $$
-- As write_touchpoints, without ids: [{kind, source_key, outcome}].
  select coalesce(jsonb_agg(w - 'id'), '[]') from jsonb_array_elements(touchpoint.write_touchpoints(items, at)) w
$$;

create function touchpoint.write_copies(cur touchpoint.feeds, items jsonb, at timestamptz, out outcomes jsonb, out left_behind uuid[])
language plpgsql security invoker set search_path = touchpoint, pg_temp set enable_seqscan = off set jit = off as $$
-- The feed's copies of the items, and the touchpoints they belong to. outcomes: {graph id: outcome}; left_behind: touchpoints
-- that a copy belonged to before.
declare
  written jsonb := touchpoint.write_touchpoints(items, at);
begin
  with incoming as (
    select distinct on (i.graph_id) i.graph_id, i.mailbox, i.etag, i.content_hash, i.series, o.outcome,
      coalesce(o.id, (select t.id from touchpoints t where t.kind = i.kind and t.source_key = i.source_key)) as touchpoint
    from rows from (jsonb_to_recordset(items) as (graph_id text, mailbox text, etag text, content_hash text, series text,
      kind text, source_key text)) with ordinality as i
    join jsonb_to_recordset(written) as o(kind text, source_key text, id uuid, outcome text)
      on o.kind = i.kind and o.source_key = i.source_key
    order by i.graph_id, i.ordinality desc
  ),
  stored as (
    insert into copies as c (feed, graph_id, mailbox, touchpoint, etag, content_hash, series, epoch)
    select cur.id, i.graph_id, i.mailbox, i.touchpoint, i.etag, i.content_hash, i.series, cur.epoch from incoming i
    on conflict (feed, graph_id) do update
      set touchpoint = excluded.touchpoint, etag = excluded.etag, content_hash = excluded.content_hash, series = excluded.series, epoch = excluded.epoch,
        doubted = false
      where (c.touchpoint, c.etag, c.content_hash, c.epoch)
          <> (excluded.touchpoint, excluded.etag, excluded.content_hash, excluded.epoch)
        or c.series is distinct from excluded.series or c.doubted
  )
  select
    coalesce(jsonb_object_agg(i.graph_id, case
      when i.outcome = 'unchanged' and b.touchpoint is null then 'copied' else i.outcome end), '{}'),
    coalesce(array_agg(b.touchpoint) filter (where b.touchpoint <> i.touchpoint), '{}')
  into outcomes, left_behind
  from incoming i left join lateral (
    select c.touchpoint from copies c where c.feed = cur.id and c.graph_id = i.graph_id limit 1) b on true;
end
$$;

create or replace function public.touchpoint_page_commit(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp set enable_seqscan = off set jit = off as $$
-- {feed, expect, owner, lease_seconds, now, begin?: full|delta, scope?, window?: {start, end}, next_link?, delta_link?,
--  items: [...], removed: [graph id], forgotten: [graph id], shown: [graph id], series: [{master, keep: [graph id]}],
--  aside?: true, privacy?: version of the lists that the page was screened by}
-- -> {version, outcomes: {graph id: outcome}, removed: [graph ids that were known], deleted, swept, doubtful: [graph id]}
-- removed and forgotten ids may name a series master: its occurrences go with it.
-- aside: the page belongs to no round of the feed; its cursor moves nowhere, but is fenced all the same.
-- doubtful: every copy of the feed whose removal was announced while it lay outside the window, where a change looks the
-- same as a removal: it stays until Graph was asked.
-- SQLSTATE PT409 when the cursor is no longer at the expected version, somebody else holds the feed's lease, or newer
-- lists of what to leave out hold.
-- What a page does not have costs nothing: most have new items and nothing else.
declare
  cur feeds;
  at timestamptz := (p->>'now')::timestamptz;
  items jsonb := coalesce(p->'items', '[]');
  removed text[] := array(select jsonb_array_elements_text(coalesce(p->'removed', '[]')));
  forgotten text[] := array(select jsonb_array_elements_text(coalesce(p->'forgotten', '[]')));
  shown text[] := array(select jsonb_array_elements_text(coalesce(p->'shown', '[]')));
  sets jsonb := coalesce(p->'series', '[]');
  known text[] := '{}';
  affected uuid[] := '{}';
  erased uuid[] := '{}';
  gone uuid[];
  outcomes jsonb := '{}';
  deleted int := 0;
  swept int := 0;
  aside boolean := coalesce((p->>'aside')::boolean, false);
  complete boolean := p->>'delta_link' is not null;
  in_doubt text[] := '{}';
begin
  perform touchpoint.hold_privacy((p->>'privacy')::bigint);
  select * into cur from feeds where id = (p->>'feed')::bigint for update;
  if not found or cur.cursor_version <> (p->>'expect')::bigint then
    raise exception 'the cursor of feed % is at version %, not %', p->>'feed', cur.cursor_version, p->>'expect'
      using errcode = 'PT409';
  end if;
  -- an owner that was late (a machine that slept) must not move the cursor under the one that took over
  if cur.lease_owner <> p->>'owner' and cur.lease_until >= clock_timestamp() then
    raise exception 'feed % is leased to somebody else', cur.id using errcode = 'PT409';
  end if;
  if p->>'begin' is not null then
    cur.round := p->>'begin';
    if cur.round = 'full' then
      cur.epoch := cur.epoch + 1;
      cur.round_scope := p->>'scope';
      cur.round_window_start := (p#>>'{window,start}')::timestamptz;
      cur.round_window_end := (p#>>'{window,end}')::timestamptz;
    end if;
  end if;

  -- 1. what is no longer there
  if removed <> '{}' and not aside then
    with out as (
      update copies c set doubted = true from touchpoints t
      where c.feed = cur.id and (c.graph_id = any(removed) or c.series = any(removed)) and t.id = c.touchpoint
        and case cur.round
          when 'full' then coalesce(t.ends_at, t.occurred_at) <= cur.round_window_start or t.occurred_at >= cur.round_window_end
          else coalesce(t.ends_at, t.occurred_at) <= cur.window_start or t.occurred_at >= cur.window_end end
      returning c.graph_id)
    select coalesce(array_agg(graph_id), '{}') into in_doubt from out;
  end if;
  if removed <> '{}' or forgotten <> '{}' then
    select coalesce(array_agg(id), '{}') into known from unnest(removed || forgotten) id
    where exists (select from copies c where c.feed = cur.id and (c.graph_id = id or c.series = id)
      and (id = any(forgotten) or c.graph_id <> all(in_doubt)));
    with out as (
      delete from copies c where c.feed = cur.id and (c.graph_id = any(forgotten) or c.series = any(forgotten))
      returning c.touchpoint)
    select coalesce(array_agg(touchpoint), '{}') into erased from out;
    with out as (
      delete from copies c where c.feed = cur.id and (c.graph_id = any(removed) or c.series = any(removed))
        and c.graph_id <> all(in_doubt)
      returning c.touchpoint)
    select coalesce(array_agg(touchpoint), '{}') into affected from out;
  end if;
  if sets <> '[]' then
    with out as (
      delete from copies c using jsonb_array_elements(sets) s, touchpoints t
      -- a single meeting that became a series keeps its id as the master's, and is no meeting any more
      where c.feed = cur.id and (c.series = s->>'master' or c.graph_id = s->>'master') and not (s->'keep') ? c.graph_id
        and t.id = c.touchpoint and t.occurred_at < (s->>'end')::timestamptz
        and coalesce(t.ends_at, t.occurred_at) > (s->>'start')::timestamptz
      returning c.touchpoint)
    select affected || coalesce(array_agg(touchpoint), '{}') into affected from out;
  end if;

  -- 2. what is there
  if items <> '[]' then
    select w.outcomes, w.left_behind into outcomes, gone from touchpoint.write_copies(cur, items, at) w;
    affected := affected || gone;
  end if;
  if shown <> '{}' then
    update copies c set epoch = cur.epoch, doubted = false
    where c.feed = cur.id and c.graph_id = any(shown) and (c.epoch <> cur.epoch or c.doubted);
  end if;

  -- 3. the cursor; at the end of a complete round what it did not show goes, inside its window
  if complete and cur.round = 'full' then
    with out as (
      delete from copies c using touchpoints t
      where c.feed = cur.id and c.epoch < cur.epoch and t.id = c.touchpoint
        and (cur.round_window_end is null or (t.occurred_at < cur.round_window_end
          and coalesce(t.ends_at, t.occurred_at) > cur.round_window_start))
      returning c.touchpoint)
    select coalesce(array_agg(touchpoint), '{}') into gone from out;
    swept := cardinality(gone);
    affected := affected || gone;
  end if;
  if erased <> '{}' then
    deleted := touchpoint.delete_orphans(erased, true, at);
  end if;
  if affected <> '{}' then
    deleted := deleted + touchpoint.delete_orphans(affected, false, at);
  end if;

  update feeds f set
    cursor_version = f.cursor_version + 1,
    lease_until = case when f.lease_owner = p->>'owner'
      then clock_timestamp() + make_interval(secs => (p->>'lease_seconds')::float8) else f.lease_until end,
    epoch = case when aside then f.epoch else cur.epoch end,
    next_link = case when aside then f.next_link else p->>'next_link' end,
    round = case when aside then f.round when not complete then cur.round end,
    delta_link = case when complete and not aside then p->>'delta_link' else f.delta_link end,
    scope = case when complete and cur.round = 'full' and not aside then cur.round_scope else f.scope end,
    window_start = case when complete and cur.round = 'full' and not aside then cur.round_window_start else f.window_start end,
    window_end = case when complete and cur.round = 'full' and not aside then cur.round_window_end else f.window_end end,
    round_scope = case when aside then f.round_scope when not complete then cur.round_scope end,
    round_window_start = case when aside then f.round_window_start when not complete then cur.round_window_start end,
    round_window_end = case when aside then f.round_window_end when not complete then cur.round_window_end end,
    last_success_at = case when complete and not aside then at else f.last_success_at end
  where f.id = cur.id;
  return jsonb_build_object('version', cur.cursor_version + 1, 'outcomes', outcomes,
    'removed', to_jsonb(known), 'deleted', deleted, 'swept', swept,
    'doubtful', (select coalesce(jsonb_agg(c.graph_id order by c.graph_id), '[]') from copies c
      where c.feed = cur.id and c.doubted));
end
$$;

select touchpoint.seal();
