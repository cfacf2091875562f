create function touchpoint.any_word(query text) returns tsquery
language sql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- Any of the question's words, stemmed, stop words gone: people ask in sentences, and no answer holds all of their words.
  select coalesce(nullif(replace(plainto_tsquery('pg_catalog.english', query)::text, ' & ', ' | '), '')::tsquery, ''::tsquery)
$$;

create function public.touchpoint_search(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, extensions, pg_temp
-- planned with the filters of each question: few rows of a client are read by its index, many by that of the vectors
set plan_cache_mode = force_custom_plan as $$
-- {query, embedding?: "[..]", encoder?, kinds?, client?: name, since?, until?, limit} ->
-- [{id, kind, title, snippet, client, occurred_at, score, similarity}], best first.
-- Words and meaning each rank their best candidates (index-using inner limits); reciprocal ranks are added
-- (Cormack, Clarke, Buettcher 2009: k = 60). Only vectors of the asked encoder are compared.
declare
  asked tsquery := touchpoint.any_word(coalesce(p->>'query', ''));
  near vector(384) := (p->>'embedding')::vector;
  wanted int := coalesce((p->>'limit')::int, 10);
  -- deep enough that fusion has something to fuse, shallow enough to stay on the index
  depth int := greatest(50, wanted * 4);
  only_kinds text[] := case when p ? 'kinds' then array(select jsonb_array_elements_text(p->'kinds')) end;
  only_client uuid;
  result jsonb;
begin
  if p->>'client' is not null then
    select c.id into only_client from clients c
    where lower(c.name) = lower(p->>'client')
      or exists (select from client_names n where n.client = c.id and lower(n.name) = lower(p->>'client'))
    -- one client's alias may be another's name: the name wins
    order by lower(c.name) = lower(p->>'client') desc, c.name limit 1;
    if only_client is null then
      return '[]';
    end if;
  end if;
  -- a filter must never make the index return too few rows; their order does not matter, they are ranked anew below
  perform set_config('hnsw.iterative_scan', 'relaxed_order', true);
  with kept as not materialized (
    select t.id, t.words, t.embedding, t.encoder from touchpoints t
    where t.deleted_at is null
      and (only_kinds is null or t.kind = any(only_kinds))
      and (only_client is null or t.client = only_client)
      and (p->>'since' is null or t.occurred_at >= (p->>'since')::timestamptz)
      and (p->>'until' is null or t.occurred_at < (p->>'until')::timestamptz)
  ),
  comparable as not materialized (
    select k.id, k.embedding from kept k
    where near is not null and k.embedding is not null and (p->>'encoder' is null or k.encoder = p->>'encoder')
  ),
  by_word as (
    select t.id, row_number() over (order by t.rank desc, t.id) as place from (
      select k.id, ts_rank_cd(k.words, asked, 1) as rank from kept k
      where k.words @@ asked
      order by rank desc, k.id limit depth) t
  ),
  nearest as materialized (
    select k.id, k.embedding <=> near as distance from comparable k order by k.embedding <=> near limit depth
  ),
  -- Fewer than asked for: there are no more, or what the filter keeps lies where the index did not come (it walks from
  -- neighbour to neighbour and gives up after hnsw.max_scan_tuples). Then they are all compared; + 0 avoids the index.
  by_meaning as (
    select t.id, t.distance, row_number() over (order by t.distance, t.id) as place from (
      select n.id, n.distance from nearest n where (select count(*) from nearest) >= depth
      union all
      (select k.id, (k.embedding <=> near) + 0 as distance from comparable k
       where (select count(*) from nearest) < depth
       order by 2 limit depth)) t
  ),
  fused as (
    select coalesce(w.id, m.id) as id, m.distance,
      coalesce(1.0 / (60 + w.place), 0) + coalesce(1.0 / (60 + m.place), 0) as score
    from by_word w full join by_meaning m on m.id = w.id
    order by score desc, id limit wanted
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', t.source_key, 'kind', t.kind, 'title', t.title,
    'snippet', case when t.words @@ asked
      then ts_headline('pg_catalog.english', case when t.body = '' then t.title else t.body end, asked,
        'StartSel="", StopSel="", MaxFragments=2, MaxWords=30, MinWords=10, FragmentDelimiter=" … "')
      else left(case when t.body = '' then t.title else t.body end, 200) end,
    'client', c.name, 'occurred_at', t.occurred_at, 'score', round(f.score::numeric, 6),
    'similarity', round((1 - f.distance)::numeric, 4)) order by f.score desc, f.id), '[]')
  into result
  from fused f join touchpoints t on t.id = f.id left join clients c on c.id = t.client;
  return result;
end
$$;
