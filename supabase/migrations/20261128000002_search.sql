-- Search, what is like it, and the blend with another ranking. How they rank is told in docs/search.md.

create function touchpoint.ranking(out word_weight float8, out title_bonus float8, out depth int, out few int,
  out found int, out ef_search int)
language sql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- What ranking is made of, in one place. A score is the cosine plus word_weight times the share of the question that the
-- words answer: docs/search.md has the figures. The better the encoder, the less there is for the words to add.
-- title_bonus: a word in the title counts so much more.
-- depth: candidates by meaning, deep enough that the words have something to reorder, shallow enough for the index.
-- few: a filter that keeps no more rows has all of them compared; beyond it the index is faster.
-- found: rows whose words are looked at, those with rare words first. ef_search: what the index keeps in view.
  select 0.1, 0.25, 50, 2000, 300, 64
$$;

create function touchpoint.people_keys(people jsonb) returns text[]
language sql immutable parallel safe security invoker set search_path = pg_catalog, pg_temp as $$
-- What a person can be asked for by: address, name, and each word of the name, in lower case.
  select coalesce(array_agg(distinct k.key), '{}')
  from jsonb_array_elements(case jsonb_typeof(people) when 'array' then people else '[]' end) person
  cross join lateral (
    select lower(person->>'address') union all select lower(person->>'name')
    union all select regexp_split_to_table(lower(person->>'name'), '\s+')) k(key)
  where k.key <> ''
$$;

create index touchpoints_people on touchpoint.touchpoints using gin (touchpoint.people_keys(people)) with (fastupdate = off);
-- Without a list of what is still to be sorted in, which every search would read, and which the planner shuns.
alter index touchpoint.touchpoints_words set (fastupdate = off);
select gin_clean_pending_list('touchpoint.touchpoints_words');
create index touchpoints_when on touchpoint.touchpoints (occurred_at);

create table touchpoint.lexicon (
  word text primary key,
  rows bigint not null
);
comment on table touchpoint.lexicon is
  'How many touchpoints hold a word, so that rare words count for more: an estimate, taken from a sample where there are many. The empty word counts all of them.';

create function public.touchpoint_words_count(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {} -> {counted: rows, or null when the last count is still good}. Counts anew when a fifth came or went since.
declare
  sample constant int := 20000;
  live bigint := (select count(*) from touchpoints where deleted_at is null);
  before bigint := coalesce((select l.rows from lexicon l where l.word = ''), 0);
  share float8 := least(1.0, sample::float8 / greatest(live, 1));
begin
  if abs(live - before) <= before / 5.0 or not pg_try_advisory_xact_lock(hashtext('touchpoint.lexicon')) then
    return jsonb_build_object('counted', null);
  end if;
  delete from lexicon;
  insert into lexicon (word, rows)
  select s.word, round(s.ndoc / share) from ts_stat(format(
    'select words from touchpoint.touchpoints tablesample system (%s) repeatable (1) where deleted_at is null',
    100 * share)) s
  where s.word <> ''
  union all select '', live;
  return jsonb_build_object('counted', live);
end
$$;

create function touchpoint.as_query(word text, weight text default '') returns text
language sql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- One lexeme as the text of a tsquery, whatever is in it.
  select '''' || replace(replace(word, '\', '\\'), '''', '''''') || '''' || weight
$$;

create type touchpoint.question as (
  words text[],        -- lexemes, rarest first
  weights float8[],    -- of each, together 1
  rare tsquery,        -- the rarest of them, that hold so few rows together that all can be looked at
  anyhow tsquery,      -- any of them; null without any
  share text           -- SQL: the share of the question that the tsvector w.words answers, 0 to 1 and the title's bonus
);

create function touchpoint.question_of(asked text) returns touchpoint.question
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- People ask in sentences, and no answer holds all of their words: each counts by how rare it is.
  with k as (select * from touchpoint.ranking()),
  total as (select coalesce((select l.rows from lexicon l where l.word = ''), 0)::float8 as rows),
  known as (
    select q.word, coalesce(l.rows, 0)::float8 as rows,
      ln(1 + (greatest(total.rows, coalesce(l.rows, 0)) - coalesce(l.rows, 0) + 0.5) / (coalesce(l.rows, 0) + 0.5)) as weight
    from unnest(tsvector_to_array(to_tsvector('pg_catalog.english', left(asked, 10000)))) q(word)
    cross join total left join lexicon l on l.word = q.word
    where q.word <> ''
    -- a mail pasted as a question: its rarest words are enough
    order by rows, q.word limit 32
  ),
  weighed as (
    select word, rows, weight / sum(weight) over () as weight,
      row_number() over (order by rows, word) as place, sum(rows) over (order by rows, word) as together
    from known
  )
  select row(
    coalesce(array_agg(word order by place) filter (where word is not null), '{}'),
    coalesce(array_agg(weight order by place) filter (where word is not null), '{}'),
    (string_agg(touchpoint.as_query(word), ' | ') filter (where place = 1 or together <= k.found))::tsquery,
    string_agg(touchpoint.as_query(word), ' | ')::tsquery,
    coalesce(string_agg(format('case when w.words @@ %L::tsquery then %s when w.words @@ %L::tsquery then %s else 0 end',
      touchpoint.as_query(word, ':A'), weight * (1 + k.title_bonus), touchpoint.as_query(word), weight), ' + ') filter (where word is not null), '0')
  )::touchpoint.question
  from k left join weighed on true group by k.found
$$;

create function touchpoint.client_named(asked text) returns uuid
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- By id, name or alias. One client's alias may be another's name: the name wins.
  select c.id from clients c
  where c.id::text = lower(asked) or lower(c.name) = lower(asked)
    or exists (select from client_names n where n.client = c.id and lower(n.name) = lower(asked))
  order by c.id::text = lower(asked) desc, lower(c.name) = lower(asked) desc, c.name limit 1
$$;

create function touchpoint.clients_named(wanted text[]) returns uuid[]
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- Ids of clients by id, name or alias, without those that nobody knows; null stays null.
  select case when wanted is not null then array(
    select distinct found.id from (select touchpoint.client_named(w) as id from unnest(wanted) w) found
    where found.id is not null) end
$$;

create function touchpoint.texts_of(p jsonb, field text) returns text[]
language plpgsql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- A list of texts in a payload; null when it is left out. SQLSTATE PT400 for anything else: a list that is not
-- understood must never read as "no limit".
begin
  if not p ? field then
    return null;
  end if;
  if jsonb_typeof(p->field) <> 'array'
     or exists (select from jsonb_array_elements(p->field) e where jsonb_typeof(e) <> 'string') then
    raise exception '%: wants a list of texts', field using errcode = 'PT400';
  end if;
  return array(select jsonb_array_elements_text(p->field));
end
$$;

create function touchpoint.withheld(p jsonb) returns text
language plpgsql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- The condition that keeps back the kinds in p.withhold, whatever else is asked. What it does not understand it refuses:
-- a wrong spelling must not show what was to be kept back.
declare
  kinds text[] := touchpoint.texts_of(p, 'withhold');
begin
  if not kinds <@ array['meeting', 'email', 'action', 'nps', 'topic', 'knowledge', 'risk'] then
    raise exception 'withhold: wants kinds of touchpoints, got %', p->'withhold' using errcode = 'PT400';
  end if;
  return format('t.deleted_at is null and t.kind <> all (%L::text[])', coalesce(kinds, '{}'));
end
$$;

create function touchpoint.labels_filter(labels jsonb) returns text
language plpgsql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- [{task, label}] or {task: label or [label]} -> the condition: any of a task's labels, and so for every task.
declare
  pairs jsonb := case jsonb_typeof(labels)
    when 'object' then (select coalesce(jsonb_agg(jsonb_build_object('task', e.key, 'label', l.label)), '[]')
      from jsonb_each(labels) e, jsonb_array_elements(
        case jsonb_typeof(e.value) when 'array' then e.value else jsonb_build_array(e.value) end) l(label))
    else labels end;
begin
  if jsonb_typeof(pairs) <> 'array'
    or exists (select from jsonb_array_elements(pairs) l
      where (jsonb_typeof(l->'task') = 'string' and jsonb_typeof(l->'label') = 'string') is not true) then
    raise exception 'labels: wants [{"task", "label"}] or {"task": ["label"]}' using errcode = 'PT400';
  end if;
  return coalesce((select string_agg(format('exists (select from touchpoint.current_tags g
    where g.touchpoint = t.id and g.task = %L and g.label = any (%L))', f.task, f.labels), ' and ')
    from (select l->>'task' as task, array_agg(l->>'label') as labels from jsonb_array_elements(pairs) l group by 1) f),
    -- no label at all is enough for nobody
    'false');
end
$$;

create function touchpoint.clients_filter(names text[]) returns text
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- Any of the clients by name or alias; nothing passes when nobody knows them.
  select format('t.client = any (%L::uuid[])', touchpoint.clients_named(names)) where names is not null
$$;

create function touchpoint.search_filter(asked jsonb) returns text
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {kinds?, client?: name, clients?: [name], since?, until?, people?: [address or name], labels?} -> conditions on
-- `touchpoints t`; null without any. In a list any one is enough; every list must be met. SQLSTATE PT400 for what is not
-- understood.
declare
  p jsonb := jsonb_strip_nulls(asked);
  people text[] := touchpoint.texts_of(p, 'people');
begin
  return nullif(concat_ws(' and ',
    case when p ? 'kinds' then format('t.kind = any (%L::text[])', touchpoint.texts_of(p, 'kinds')) end,
    case when p ? 'client' then touchpoint.clients_filter(array[p->>'client']) end,
    touchpoint.clients_filter(touchpoint.texts_of(p, 'clients')),
    case when p ? 'since' then format('t.occurred_at >= %L', (p->>'since')::timestamptz) end,
    case when p ? 'until' then format('t.occurred_at < %L', (p->>'until')::timestamptz) end,
    case when p ? 'people' then format('touchpoint.people_keys(t.people) && %L::text[]',
      array(select lower(trim(a.person)) from unnest(people) a(person))) end,
    case when p ? 'labels' then touchpoint.labels_filter(p->'labels') end), '');
end
$$;

create function touchpoint.only(p jsonb, allowed text[]) returns void
language plpgsql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- A filter with a wrong name would be no filter. SQLSTATE PT400.
declare
  unknown text := (select string_agg(k.key, ', ' order by k.key) from jsonb_object_keys(p) k(key) where k.key <> all (allowed));
begin
  if unknown is not null then
    raise exception 'unknown: %; wants some of %', unknown, array_to_string(allowed, ', ') using errcode = 'PT400';
  end if;
end
$$;

create function touchpoint.question_vector(p jsonb) returns extensions.vector
language plpgsql stable security invoker set search_path = touchpoint, extensions, pg_temp as $$
-- {embedding?, encoder?} -> the vector, or null where it is of another encoder than the one that serves: two are never
-- compared, and words answer alone.
begin
  if p->>'embedding' is not null and p->>'encoder' is null then
    raise exception 'embedding: wants its encoder beside it' using errcode = 'PT400';
  end if;
  return case when p->>'encoder' = (touchpoint.serving()).encoder then (p->>'embedding')::vector end;
end
$$;

create function touchpoint.kept(p jsonb, out filter text, out ids uuid[])
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- The conditions on `touchpoints t` that p makes, and if they keep few rows, those rows: then `t.id = any($2)`.
-- An index over vectors walks from neighbour to neighbour, and gives up before it comes to the few that a filter keeps.
declare
  narrowed text := touchpoint.search_filter(p);
  few int := (touchpoint.ranking()).few;
begin
  filter := touchpoint.withheld(p);
  if narrowed is null then
    return;
  end if;
  filter := filter || ' and ' || narrowed;
  execute format('select array(select t.id from touchpoints t where %s limit %s)', filter, few + 1) into ids;
  if cardinality(ids) > few then
    ids := null;
  else
    filter := 't.id = any ($2)';
  end if;
end
$$;

create function touchpoint.nearest(filter text, ids uuid[], near extensions.vector, wanted int)
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
    case when ids is null then $sql$
      with indexed as materialized (
        select t.id, t.%1$I <=> $1 as distance from touchpoints t where %3$s and t.%2$I = %4$L
        order by t.%1$I <=> $1 limit $3)
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
  using near, ids, wanted;
end
$$;

create function touchpoint.worded(filter text, ids uuid[], q touchpoint.question, wanted int)
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
    $sql$, filter, case when ids is null then q.rare else q.anyhow end, found, q.anyhow, q.share)
  using wanted, ids, greatest(wanted, (touchpoint.ranking()).depth);
end
$$;

create function touchpoint.vector_of(t touchpoint.touchpoints) returns extensions.vector
language sql stable security invoker set search_path = touchpoint, extensions, pg_temp as $$
-- A row's vector of the serving encoder; null where it has none.
  select case when s.slot = 'a' and t.encoder = s.encoder then t.embedding
    when s.slot = 'b' and t.encoder_b = s.encoder then t.embedding_b end from touchpoint.serving() s
$$;

create function touchpoint.ranked(p jsonb, near extensions.vector, q touchpoint.question, wanted int)
returns table (id uuid, similarity float8, score float8)
language plpgsql stable rows 10 security invoker set search_path = touchpoint, extensions, pg_temp as $$
-- Candidates by meaning and by words; each gets both scores, whichever found it. One without a vector (it is not embedded
-- yet) counts as a little less near than the last candidate: new things are found by their words.
declare
  k record := touchpoint.ranking();
  kept record := touchpoint.kept(p);
  s encoders := touchpoint.serving();
begin
  return query execute format($sql$
      with near as materialized (select * from touchpoint.nearest($1, $2, $3, $4)),
      worded as materialized (select * from touchpoint.worded($1, $2, $5, $6)),
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
  using kept.filter, kept.ids, near, greatest(k.depth, wanted * 4), q, wanted, k.word_weight;
end
$$;

create function touchpoint.passage(body text, title text, q touchpoint.question) returns text
language sql stable security invoker set search_path = pg_catalog, pg_temp as $$
-- What can be cited: of the body's sentences the one that answers most of the question and those after it, 240 characters
-- at most; without any such word its beginning; without a body the title. 8,000 characters are looked at.
  with parts as (
    select row_number() over () as place, btrim(s.part) as part
    from regexp_split_to_table(left(regexp_replace(body, '[ \t\r]+', ' ', 'g'), 8000), '(?<=[.!?])\s+|\n+') s(part)
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

create function touchpoint.cite(found jsonb, q touchpoint.question) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- [{id, similarity, score}] -> what an answer says of each, best first.
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', t.source_key, 'touchpoint', t.id, 'kind', t.kind, 'title', t.title,
    'snippet', touchpoint.passage(t.body, t.title, q),
    'client', c.name, 'occurred_at', t.occurred_at,
    'tags', (select coalesce(jsonb_agg(jsonb_build_object('task', g.task, 'label', g.label,
      'score', round(g.score::numeric, 4), 'origin', g.origin) order by g.task, g.score desc, g.label), '[]')
      from current_tags g where g.touchpoint = t.id),
    'score', round(f.score::numeric, 6), 'similarity', round(f.similarity::numeric, 4)) order by f.score desc, f.id), '[]')
  from jsonb_to_recordset(found) as f(id uuid, similarity float8, score float8)
  join touchpoints t on t.id = f.id left join clients c on c.id = t.client
$$;

create function touchpoint.answers(p jsonb) returns int
language plpgsql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- How many results are wanted: 10 unless said, 200 at most.
declare
  wanted int := coalesce((p->>'limit')::int, 10);
begin
  if wanted < 1 then
    raise exception 'limit: wants at least 1, got %', wanted using errcode = 'PT400';
  end if;
  return least(wanted, 200);
end
$$;

create or replace function public.touchpoint_search(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, extensions, pg_temp
-- Its plans are small, but their guessed costs are not: compiling them would take longer than running them.
set jit = off as $$
-- {query, embedding?: "[..]", encoder?, limit?, withhold?: [kind], kinds?, client?: name, clients?: [name], since?, until?,
--  people?: [address or name], labels?: [{task, label}] or {task: [label]}} ->
-- [{id, touchpoint, kind, title, snippet, client, occurred_at, tags, score, similarity}], best first.
-- Kinds in withhold are never in the answer, whatever else is asked for. SQLSTATE PT400 for what is not understood.
-- Only vectors of the serving encoder are compared; a question's vector of another is left aside.
declare
  q question := touchpoint.question_of(coalesce(p->>'query', ''));
begin
  perform touchpoint.only(p, array['query', 'embedding', 'encoder', 'limit', 'withhold', 'kinds', 'client', 'clients',
    'since', 'until', 'people', 'labels']);
  return touchpoint.cite((select jsonb_agg(r) from
    touchpoint.ranked(p, touchpoint.question_vector(p), q, touchpoint.answers(p)) r), q);
end
$$;

create function public.touchpoint_similar(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, extensions, pg_temp
-- Its plans are small, but their guessed costs are not: compiling them would take longer than running them.
set jit = off as $$
-- {id: touchpoint's uuid, or source id, kind?: of that source id, limit?, withhold?, and the filters of touchpoint_search}
-- -> as touchpoint_search: the nearest to one touchpoint, itself left out; nothing while it has no vector.
-- SQLSTATE PT404 when there is none, or its kind is withheld; PT400 when several have that id.
declare
  wanted int := touchpoint.answers(p);
  kept record := touchpoint.kept(p);
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
      select n.* from touchpoints t, touchpoint.nearest(kept.filter, kept.ids, touchpoint.vector_of(t),
        greatest(wanted + 1, (touchpoint.ranking()).depth)) n
      where t.id = same[1] and n.id <> t.id order by n.similarity desc, n.id limit wanted) n), touchpoint.question_of(''));
end
$$;

create function public.touchpoint_blend(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, extensions, pg_temp
-- Its plans are small, but their guessed costs are not: compiling them would take longer than running them.
set jit = off as $$
-- {embedding, encoder, rows: [{kind, id: source id, text_score: 0..1}], weight?: of meaning, 0..1,
--  withhold?} -> [{kind, id, text_score, similarity, score}], best first: somebody else's hits, reordered with meaning.
-- score = (1 - weight) * text_score + weight * similarity. A row that has no vector here gets the mean of those that have.
-- Kinds in withhold are left out. SQLSTATE PT400 for what is not understood; 1,000 rows at most.
declare
  near vector := touchpoint.question_vector(p);
  weight float8 := coalesce((p->>'weight')::float8, 0.5);
  result jsonb;
begin
  perform touchpoint.only(p, array['embedding', 'encoder', 'rows', 'weight', 'withhold']);
  if weight not between 0 and 1 or jsonb_array_length(p->'rows') > 1000 then
    raise exception 'weight: wants 0 to 1; rows: at most 1,000' using errcode = 'PT400';
  end if;
  perform touchpoint.withheld(p);
  with given as (
    select r.* from rows from (jsonb_to_recordset(p->'rows') as (kind text, id text, text_score float8)) with ordinality as r
    where not coalesce(p->'withhold', '[]') ? r.kind
  ),
  known as (
    select g.*, s.similarity
    from given g left join touchpoints t on t.deleted_at is null and t.kind = g.kind and t.source_key = g.id
    cross join lateral (select 1 - (touchpoint.vector_of(t) <=> near) as similarity) s
  ),
  scored as (
    select k.*, case when near is null then k.text_score else (1 - weight) * k.text_score
      + weight * coalesce(k.similarity, avg(k.similarity) over (), 0) end as score
    from known k
  )
  select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'id', id, 'text_score', text_score,
    'similarity', round(similarity::numeric, 4), 'score', round(score::numeric, 6)) order by score desc, ordinality), '[]')
  into result from scored;
  return result;
end
$$;

drop function touchpoint.any_word(text);
select touchpoint.seal();
