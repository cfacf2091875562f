-- Search at a hundred thousand touchpoints, and retention that keeps to its step.

-- Sixteen bits a number are as good for finding neighbours, and half as much to keep in memory and to compare.
drop index touchpoint.touchpoints_embedding;
drop index touchpoint.touchpoints_embedding_b;
create index touchpoints_embedding on touchpoint.touchpoints
  using hnsw ((embedding::extensions.halfvec(384)) extensions.halfvec_cosine_ops);
create index touchpoints_embedding_b on touchpoint.touchpoints
  using hnsw ((embedding_b::extensions.halfvec(384)) extensions.halfvec_cosine_ops);

create or replace function touchpoint.ranking(out word_weight float8, out title_bonus float8, out depth int, out few int,
  out found int, out ef_search int)
language sql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- What ranking is made of, in one place. A score is the cosine plus word_weight times the share of the question that the
-- words answer: docs/search.md has the figures. The better the encoder, the less there is for the words to add.
-- title_bonus: a word in the title counts so much more.
-- depth: candidates by meaning, deep enough that the words have something to reorder, shallow enough for the index: a
-- filter that keeps a tenth has ten times as many looked at.
-- few: a filter that keeps no more rows has all of them compared; beyond it the index is faster.
-- found: rows whose words are looked at, those with rare words first. ef_search: what the index keeps in view.
  select 0.04, 0.25, 30, 2000, 200, 64
$$;

-- These go by places in the table where those before them went by ids.
drop function touchpoint.kept;
drop function touchpoint.nearest;
drop function touchpoint.worded;

create function touchpoint.sifted(p jsonb, out filter text, out few tid[])
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- The conditions on `touchpoints t` that p makes, and if they keep few rows, where those are: then `t.ctid = any($2)`, which
-- finds them without an index and is good as long as the snapshot is.
-- An index over vectors walks from neighbour to neighbour, and gives up before it comes to the few that a filter keeps.
declare
  narrowed text := touchpoint.search_filter(p);
  most int := (touchpoint.ranking()).few;
begin
  filter := touchpoint.withheld(p);
  if narrowed is null then
    return;
  end if;
  filter := filter || ' and ' || narrowed;
  execute format('select array(select t.ctid from touchpoints t where %s limit %s)', filter, most + 1) into few;
  if cardinality(few) > most then
    few := null;
  else
    filter := 't.ctid = any ($2)';
  end if;
end
$$;

create function touchpoint.neighbours(filter text, few tid[], near extensions.vector, wanted int)
returns table (id uuid, similarity float8)
language plpgsql stable rows 50 security invoker set search_path = touchpoint, extensions, pg_temp
-- the planner takes comparing vectors for cheap, and would rather compare thousands of them than walk the index
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
-- The nearest by the serving encoder's vectors, of the rows that pass: from the index, or of few all compared (+ 0 keeps
-- the index out). The index may still give too few: then there are no more, or it gave up, and all are compared.
declare
  s encoders := touchpoint.serving();
begin
  if near is null or s.encoder is null then
    return;
  end if;
  -- a filter must never make the index stop early; the order does not matter, it is ranked anew
  perform set_config('hnsw.iterative_scan', 'relaxed_order', true),
    set_config('hnsw.ef_search', greatest((touchpoint.ranking()).ef_search, least(wanted, 1000))::text, true);
  return query execute format(
    case when few is null then $sql$
      with indexed as materialized (
        select t.id, t.%1$I::halfvec(384) <=> $4 as distance from touchpoints t where %3$s and t.%2$I = %4$L
        order by t.%1$I::halfvec(384) <=> $4 limit $3)
      select i.id, 1 - i.distance from indexed i where (select count(*) from indexed) >= $3
      union all
      (select t.id, 1 - (t.%1$I <=> $1) from touchpoints t
       where (select count(*) from indexed) < $3 and %3$s and t.%2$I = %4$L
       order by (t.%1$I <=> $1) + 0 limit $3)
    $sql$ else $sql$
      select t.id, 1 - (t.%1$I <=> $1) from touchpoints t where %3$s and t.%2$I = %4$L
      order by (t.%1$I <=> $1) + 0 limit $3
    $sql$ end,
    case s.slot when 'a' then 'embedding' else 'embedding_b' end,
    case s.slot when 'a' then 'encoder' else 'encoder_b' end, filter, s.encoder)
  using near, few, wanted, near::halfvec(384);
end
$$;

create function touchpoint.with_words(filter text, few tid[], q touchpoint.question, wanted int)
returns table (share float8, id uuid)
language plpgsql stable rows 50 security invoker set search_path = touchpoint, extensions, pg_temp
-- with a limit the planner hopes to come by enough rows early, and reads the table instead of the index
set enable_seqscan = off as $$
-- Rows that hold words of the question, those that answer most of it first. Looked at are those with its rare words; where
-- these give fewer than wanted, some of those that hold any. || unpacks a tsvector once instead of once a word.
declare
  found int := (touchpoint.ranking()).found;
begin
  if q.anyhow is null then
    return;
  end if;
  return query execute format($sql$
      with rare as materialized (
        select t.id, t.words || ''::tsvector as words from touchpoints t where %1$s and t.words @@ %2$L::tsquery limit %3$s),
      anyhow as materialized (
        select t.id, t.words || ''::tsvector as words from touchpoints t
        where (select count(*) from rare) < $1 and %1$s and t.words @@ %4$L::tsquery limit %3$s)
      select distinct (%5$s)::float8 as share, w.id from (select * from rare union all select * from anyhow) w
      order by share desc, w.id limit $3
    $sql$, filter, q.rare, found, q.anyhow, q.share)
  using wanted, few, greatest(wanted, (touchpoint.ranking()).depth);
end
$$;

create or replace function touchpoint.ranked(p jsonb, near extensions.vector, q touchpoint.question, wanted int)
returns table (id uuid, similarity float8, score float8)
language plpgsql stable rows 10 security invoker set search_path = touchpoint, extensions, pg_temp as $$
-- Candidates by meaning and by words; each gets both scores, whichever found it. One without a vector (it is not embedded
-- yet) counts as a little less near than the last candidate: new things are found by their words.
declare
  k record := touchpoint.ranking();
  kept record := touchpoint.sifted(p);
  s encoders := touchpoint.serving();
begin
  return query execute format($sql$
      with near as materialized (select * from touchpoint.neighbours($1, $2, $3, $4)),
      worded as materialized (select * from touchpoint.with_words($1, $2, $5, $6)),
      scored as (
        select t.id,
          coalesce(n.similarity, 1 - (case when t.%1$I = %2$L then t.%3$I end <=> $3)) as similarity,
          coalesce(w.share, (select (%4$s)::float8 from (select t.words || ''::tsvector as words offset 0) w)) as share
        from (select id from near union select id from worded) c
        join touchpoints t on t.id = c.id left join near n on n.id = c.id left join worded w on w.id = c.id)
      select s.id, s.similarity, case when $3 is null then s.share
        else coalesce(s.similarity, (select min(near.similarity) from near) * 0.9, 0) + s.share * $7 end as score
      from scored s order by score desc, s.id limit $6
    $sql$, case s.slot when 'b' then 'encoder_b' else 'encoder' end, s.encoder,
    case s.slot when 'b' then 'embedding_b' else 'embedding' end, q.share)
  using kept.filter, kept.few, near, greatest(k.depth, wanted * 2), q, wanted, k.word_weight;
end
$$;

create or replace function touchpoint.passage(body text, title text, q touchpoint.question) returns text
language sql stable security invoker set search_path = pg_catalog, pg_temp as $$
-- What can be cited: of the body's sentences the one that answers most of the question and those after it, 240 characters
-- at most; without any such word its beginning; without a body the title. 8,000 characters are looked at, a thousand
-- where no word is asked for.
  with parts as (
    select row_number() over () as place, btrim(s.part) as part
    from regexp_split_to_table(regexp_replace(left(body, case when cardinality(q.words) = 0 then 1000 else 8000 end),
      '[ \t\r]+', ' ', 'g'), '(?<=[.!?])\s+|\n+') s(part)
    where btrim(s.part) <> ''
  ),
  best as (
    select p.place from parts p
    order by (select coalesce(sum(w.weight), 0) from unnest(tsvector_to_array(to_tsvector('pg_catalog.english', p.part))) l(word)
      join unnest(q.words, q.weights) w(word, weight) on w.word = l.word) desc, p.place limit 1
  ),
  cited as (select string_agg(p.part, ' ' order by p.place) as text from parts p, best b
    where p.place between b.place and b.place + 5)
  select coalesce((select case when length(text) <= 240 then text
    else regexp_replace(left(text, 239), '\s+\S*$', '') || '…' end from cited), title)
$$;

create or replace function public.touchpoint_similar(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, extensions, pg_temp
-- Its plans are small, but their guessed costs are not: compiling them would take longer than running them.
set jit = off as $$
-- {id: touchpoint's uuid, or source id, kind?: of that source id, limit?, withhold?, and the filters of touchpoint_search}
-- -> as touchpoint_search: the nearest to one touchpoint, itself left out; nothing while it has no vector.
-- SQLSTATE PT404 when there is none, or its kind is withheld; PT400 when several have that id.
declare
  wanted int := touchpoint.answers(p);
  kept record := touchpoint.sifted(p);
  same uuid[];
begin
  perform touchpoint.only(p, array['id', 'kind', 'limit', 'withhold', 'kinds', 'client', 'clients', 'since', 'until',
    'people', 'labels']);
  execute format('select array(select t.id from touchpoints t where %s and (t.source_key = $1 or t.id = $2)
    and ($3 is null or t.kind = $3) limit 2)', touchpoint.withheld(p))
  into same using p->>'id', case when p->>'id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (p->>'id')::uuid end,
    p->>'kind';
  if cardinality(same) = 0 then
    raise exception 'there is no such touchpoint' using errcode = 'PT404';
  elsif cardinality(same) > 1 then
    raise exception 'several touchpoints have that id: wants its kind beside it' using errcode = 'PT400';
  end if;
  return touchpoint.cite((
    select jsonb_agg(jsonb_build_object('id', n.id, 'similarity', n.similarity, 'score', n.similarity)) from (
      select n.* from touchpoints t, touchpoint.neighbours(kept.filter, kept.few, touchpoint.vector_of(t),
        greatest(wanted + 1, (touchpoint.ranking()).depth)) n
      where t.id = same[1] and n.id <> t.id order by n.similarity desc, n.id limit wanted) n), touchpoint.question_of(''));
end
$$;

create or replace function public.touchpoint_retain(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {before?: instant, deleted_before?: instant, limit, unless?: text} -> {expired, purged, done}
-- Deletes touchpoints of before that instant, and rows that were marked deleted before the other, at most `limit` of each.
-- unless names day and settings: once retention is done under that name it has nothing more to do.
-- SQLSTATE 22008 for an instant without end: it would delete everything.
declare
  expired int;
  purged int;
begin
  if not coalesce(isfinite((p->>'before')::timestamptz) and isfinite((p->>'deleted_before')::timestamptz), true) then
    raise exception 'retention needs an instant' using errcode = '22008';
  end if;
  if p->>'unless' is not null and exists (select from privacy where retained = p->>'unless') then
    return jsonb_build_object('expired', 0, 'purged', 0, 'done', true);
  end if;
  -- an array is gathered once; a subquery may be run again for each row, and then gives others than those it locked
  delete from touchpoints where id = any(array(
    select id from touchpoints where coalesce(occurred_at, created_at) < (p->>'before')::timestamptz
    limit (p->>'limit')::int for update));
  get diagnostics expired = row_count;
  delete from touchpoints where id = any(array(
    select id from touchpoints where deleted_at < (p->>'deleted_before')::timestamptz
    limit (p->>'limit')::int for update));
  get diagnostics purged = row_count;
  if greatest(expired, purged) < (p->>'limit')::int then
    update privacy set retained = p->>'unless' where p->>'unless' is not null;
    return jsonb_build_object('expired', expired, 'purged', purged, 'done', true);
  end if;
  return jsonb_build_object('expired', expired, 'purged', purged, 'done', false);
end
$$;

select touchpoint.seal();
