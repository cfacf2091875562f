-- One page of one feed: rows, deletions and the new cursor in one transaction, or none of it.

create function touchpoint.upsert_touchpoints(items jsonb, at timestamptz) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- items: [{mailbox, graph_id, kind, source_key, ..., rank, modified_at}] -> [{kind, source_key, id, outcome}]
-- where outcome is inserted | updated | restored | unchanged, one per distinct touchpoint.
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
    select t.id, t.deleted_at, i.kind, i.source_key,
      t.content_hash <> i.content_hash or t.client is distinct from i.client as differs
    from incoming i join touchpoints t on t.kind = i.kind and t.source_key = i.source_key
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
    'outcome', case
      when w.id is null then 'unchanged'
      when w.inserted then 'inserted'
      when b.deleted_at is not null then 'restored'
      when b.id is null or b.differs then 'updated'
      else 'unchanged' end)), '[]')
  into result
  from incoming i
  left join before b on b.kind = i.kind and b.source_key = i.source_key
  left join written w on w.kind = i.kind and w.source_key = i.source_key;
  return result;
end
$$;

create function touchpoint.delete_orphans(affected uuid[], forget boolean, at timestamptz) returns int
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- A touchpoint goes with its last copy: marked deleted, or with forget (it became private) wiped.
-- The row is locked before its copies are counted: two feeds that each drop one of the last two copies take turns,
-- and the second sees that none is left.
declare
  total int;
begin
  perform from touchpoints t where t.id = any(affected) order by t.kind, t.source_key for update;
  update touchpoints t set source_rank = -1, source_modified = null
  where t.id = any(affected) and t.source_rank >= 0
    and not exists (select from copies c
      where c.touchpoint = t.id and c.mailbox = t.source_mailbox and c.graph_id = t.source_graph_id);
  -- the copy that the content came from is gone, and one that stays says something else: Graph is to be asked about it
  update copies c set doubted = true from touchpoints t
  where t.id = any(affected) and t.source_rank = -1 and c.touchpoint = t.id and c.content_hash <> t.content_hash
    and not c.doubted;
  if forget then
    delete from touchpoints t
    where t.id = any(affected) and not exists (select from copies c where c.touchpoint = t.id);
  else
    update touchpoints t set deleted_at = at, updated_at = at
    where t.id = any(affected) and t.deleted_at is null
      and not exists (select from copies c where c.touchpoint = t.id);
  end if;
  get diagnostics total = row_count;
  return total;
end
$$;

create function public.touchpoint_page_commit(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
declare
  cur feeds;
  at timestamptz := (p->>'now')::timestamptz;
  items jsonb := coalesce(p->'items', '[]');
  removed text[] := array(select jsonb_array_elements_text(coalesce(p->'removed', '[]')));
  forgotten text[] := array(select jsonb_array_elements_text(coalesce(p->'forgotten', '[]')));
  known text[];
  affected uuid[] := '{}';
  erased uuid[] := '{}';
  gone uuid[];
  outcomes jsonb;
  deleted int;
  swept int := 0;
  aside boolean := coalesce((p->>'aside')::boolean, false);
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
  if not aside then
    with out as (
      update copies c set doubted = true from touchpoints t
      where c.feed = cur.id and (c.graph_id = any(removed) or c.series = any(removed)) and t.id = c.touchpoint
        and case cur.round
          when 'full' then coalesce(t.ends_at, t.occurred_at) <= cur.round_window_start or t.occurred_at >= cur.round_window_end
          else coalesce(t.ends_at, t.occurred_at) <= cur.window_start or t.occurred_at >= cur.window_end end
      returning c.graph_id)
    select coalesce(array_agg(graph_id), '{}') into in_doubt from out;
  end if;
  select array_agg(id) into known from unnest(removed || forgotten) id
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
  with out as (
    delete from copies c using jsonb_array_elements(coalesce(p->'series', '[]')) s, touchpoints t
    -- a single meeting that became a series keeps its id as the master's, and is no meeting any more
    where c.feed = cur.id and (c.series = s->>'master' or c.graph_id = s->>'master') and not (s->'keep') ? c.graph_id
      and t.id = c.touchpoint and t.occurred_at < (s->>'end')::timestamptz
      and coalesce(t.ends_at, t.occurred_at) > (s->>'start')::timestamptz
    returning c.touchpoint)
  select coalesce(array_agg(touchpoint), '{}') into gone from out;
  affected := affected || gone;

  -- 2. what is there
  outcomes := touchpoint.upsert_touchpoints(items, at);
  with incoming as (
    select distinct on (i.graph_id) i.graph_id, i.mailbox, i.etag, i.content_hash, i.series, t.id as touchpoint, o.outcome
    from rows from (jsonb_to_recordset(items) as (graph_id text, mailbox text, etag text, content_hash text, series text,
      kind text, source_key text)) with ordinality as i
    join touchpoints t on t.kind = i.kind and t.source_key = i.source_key
    join jsonb_to_recordset(outcomes) as o(kind text, source_key text, outcome text)
      on o.kind = i.kind and o.source_key = i.source_key
    order by i.graph_id, i.ordinality desc
  ),
  before as (
    select c.graph_id, c.touchpoint from copies c join incoming i on c.feed = cur.id and c.graph_id = i.graph_id
  ),
  written as (
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
      when i.outcome = 'unchanged' and b.graph_id is null then 'copied' else i.outcome end), '{}'),
    coalesce(array_agg(b.touchpoint) filter (where b.touchpoint <> i.touchpoint), '{}')
  into outcomes, gone
  from incoming i left join before b on b.graph_id = i.graph_id;
  affected := affected || gone;
  update copies c set epoch = cur.epoch, doubted = false
  from jsonb_array_elements_text(coalesce(p->'shown', '[]')) id
  where c.feed = cur.id and c.graph_id = id and (c.epoch <> cur.epoch or c.doubted);

  -- 3. the cursor; at the end of a complete round what it did not show goes, inside its window
  if p->>'delta_link' is not null and cur.round = 'full' then
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
  deleted := touchpoint.delete_orphans(erased, true, at) + touchpoint.delete_orphans(affected, false, at);

  update feeds f set
    cursor_version = f.cursor_version + 1,
    lease_until = case when f.lease_owner = p->>'owner'
      then clock_timestamp() + make_interval(secs => (p->>'lease_seconds')::float8) else f.lease_until end
  where f.id = cur.id;
  update feeds f set
    epoch = cur.epoch,
    next_link = p->>'next_link',
    round = case when p->>'delta_link' is null then cur.round end,
    delta_link = coalesce(p->>'delta_link', f.delta_link),
    scope = case when p->>'delta_link' is not null and cur.round = 'full' then cur.round_scope else f.scope end,
    window_start = case when p->>'delta_link' is not null and cur.round = 'full' then cur.round_window_start
      else f.window_start end,
    window_end = case when p->>'delta_link' is not null and cur.round = 'full' then cur.round_window_end
      else f.window_end end,
    round_scope = case when p->>'delta_link' is null then cur.round_scope end,
    round_window_start = case when p->>'delta_link' is null then cur.round_window_start end,
    round_window_end = case when p->>'delta_link' is null then cur.round_window_end end,
    last_success_at = case when p->>'delta_link' is not null then at else f.last_success_at end
  where f.id = cur.id and not aside;
  return jsonb_build_object('version', cur.cursor_version + 1, 'outcomes', outcomes,
    'removed', to_jsonb(coalesce(known, '{}')), 'deleted', deleted, 'swept', swept,
    'doubtful', (select coalesce(jsonb_agg(c.graph_id order by c.graph_id), '[]') from copies c
      where c.feed = cur.id and c.doubted));
end
$$;

create function public.touchpoint_feeds_retire(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {feeds: [feed id], now} -> {deleted}. For folders that are no more: their feeds go with their copies, and touchpoints
-- that lay nowhere else are marked deleted. Somebody who is walking one of them hears PT409 at the next page.
declare
  wanted bigint[] := array(select jsonb_array_elements_text(p->'feeds')::bigint);
  affected uuid[];
begin
  perform from feeds where id = any(wanted) order by id for update;
  affected := array(select distinct touchpoint from copies where feed = any(wanted));
  delete from feeds where id = any(wanted);
  return jsonb_build_object('deleted', touchpoint.delete_orphans(affected, false, (p->>'now')::timestamptz));
end
$$;

create function public.touchpoint_doubted_feeds(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {} -> [feed id] of the feeds that hold copies about which Graph is to be asked.
  select coalesce(jsonb_agg(distinct feed), '[]') from copies where doubted
$$;

create function public.touchpoint_known(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {kind, keys: [source key]} -> [source key] of those that are stored, marked deleted or not.
  select coalesce(jsonb_agg(t.source_key), '[]') from touchpoints t
  where t.kind = p->>'kind' and t.source_key in (select jsonb_array_elements_text(p->'keys'))
$$;
