-- What the Briefing Room page and a client's profile ask.

-- 1. What holds ------------------------------------------------------------------------------------------------------

create table touchpoint.rejected (
  touchpoint uuid not null references touchpoint.touchpoints on delete cascade,
  task text not null,
  label text not null,
  primary key (touchpoint, task, label)
);
comment on table touchpoint.rejected is
  'A person said that this label does not hold: it is shown no more, whoever gives it, until a person says otherwise.';

create or replace view touchpoint.current_tags with (security_invoker = true) as
select g.touchpoint, g.task, g.label, g.score, g.origin, g.version
from touchpoint.tags g left join touchpoint.settled s on s.touchpoint = g.touchpoint and s.task = g.task
-- A join, which can be done for a few tags or for all at once; and a case, because a comparison of two truths is thought
-- to hold for one row in two hundred, which spoils every plan above it.
where case when s.touchpoint is null then g.origin <> 'person' else g.origin = 'person' end
  and not exists (
    select from touchpoint.rejected r where r.touchpoint = g.touchpoint and r.task = g.task and r.label = g.label);

create function touchpoint.primary_label(wanted uuid, asked text) returns text
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- The one label that stands for a task: the surest that holds. A person's tags score 1 for the first label and a shade
-- less for each one after it (touchpoint.apply_feedback). `mixed` accompanies a sentiment and is none by itself.
  select g.label from current_tags g where g.touchpoint = wanted and g.task = asked
  order by asked = 'sentiment' and g.label = 'mixed', g.score desc, g.label limit 1
$$;

create function touchpoint.current_tags_of(wanted uuid) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- [{task, label, score, origin, version}] of those that hold, the surest of each task first.
  select coalesce(jsonb_agg(jsonb_build_object('task', g.task, 'label', g.label, 'score', round(g.score::numeric, 4),
    'origin', g.origin, 'version', g.version) order by g.task, g.score desc, g.label), '[]')
  from current_tags g where g.touchpoint = wanted
$$;

create function touchpoint.uncertain_of(wanted uuid, uncertain text[]) returns text[]
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- Tasks that wait for a person: the model was unsure, or somebody took a label away and named no better one.
  select array(
    select u.task from (
      select unnest(uncertain) as task
      union
      select r.task from rejected r where r.touchpoint = wanted) u
    where not exists (select from settled s where s.touchpoint = wanted and s.task = u.task)
    order by u.task)
$$;

-- 2. What every reader checks ----------------------------------------------------------------------------------------

create function touchpoint.kinds_of(p jsonb, otherwise text[]) returns text[]
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- {kinds?, withhold?} -> the kinds that are read. Nothing brings back a kind that is withheld.
  select array(
    select distinct k from unnest(coalesce(touchpoint.texts_of(p, 'kinds'), otherwise)) k
    where k <> all(coalesce(touchpoint.texts_of(p, 'withhold'), '{}'))
    order by k)
$$;

create function touchpoint.zone_of(p jsonb) returns text
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {zone?} -> an IANA zone, UTC when it is left out. SQLSTATE PT400 for abbreviations, offsets and unknown names, which
-- Postgres would take for something (`FOO+3` is three hours west of Greenwich to it).
declare
  zone text := coalesce(p->>'zone', 'UTC');
begin
  if zone !~ '^(UTC|GMT|Etc/GMT[+-][0-9]{1,2}|[A-Za-z_]+(/[A-Za-z_-]+){1,2})$' then
    raise exception 'zone: wants an IANA name such as Australia/Sydney' using errcode = 'PT400';
  end if;
  perform now() at time zone zone;
  return zone;
exception when invalid_parameter_value then
  raise exception 'zone: wants an IANA name such as Australia/Sydney' using errcode = 'PT400';
end
$$;

-- 3. What is asked of every touchpoint, kept beside it ---------------------------------------------------------------

create function touchpoint.domains_of(people jsonb) returns text
language sql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- Domains of the people's addresses, sorted, a space between them; empty when no address is known.
  select coalesce(string_agg(distinct substring(e->>'address' from '@([^@\s]+)$'), ' '), '') from jsonb_array_elements(people) e
$$;

create function touchpoint.repeats_as(kind text, title text, client uuid, people jsonb) returns text
language sql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- Meetings with the same value are one habit: the title without numbers, dates and punctuation, and the client, or who
-- invites where there is none. Null for what has no title and for other kinds. Every character is listed: what counts as
-- punctuation differs from one database's locale to the next.
  select case when kind = 'meeting' and words <> '' then md5(words || E'\n' || coalesce(client::text, people->0->>'address', '')) end
  from (select btrim(regexp_replace(
    ' ' || regexp_replace(lower(left(title, 1000)), '[0-9\s!-/:-@\[-`{-~–—‘’“”…·]+', ' ', 'g') || ' ',
    '( (jan|january|feb|february|mar|march|apr|april|may|jun|june|jul|july|aug|august|sep|sept|september|oct|october|nov|november|dec|december|q|w|wk|fy|st|nd|rd|th)(?= ))+',
    '', 'g')) as words) w
$$;

alter table touchpoint.touchpoints
  add column domains text generated always as (touchpoint.domains_of(people)) stored,
  add column repeats_as text generated always as (touchpoint.repeats_as(kind, title, client, people)) stored,
  add column cancelled boolean generated always as (coalesce(details->>'status' = 'cancelled', false)) stored;
comment on column touchpoint.touchpoints.domains is 'Domains of the people''s addresses: who is internal is asked of them.';
comment on column touchpoint.touchpoints.repeats_as is 'Meetings that share it repeat; asked only where Graph names no series.';

create index touchpoints_page on touchpoint.touchpoints (kind, occurred_at, id) include (client, all_day, cancelled, ends_at)
  where deleted_at is null;
create index touchpoints_repeats on touchpoint.touchpoints (repeats_as) where deleted_at is null and repeats_as is not null;
create index touchpoints_addresses on touchpoint.touchpoints using gin (people jsonb_path_ops);
create index touchpoints_uncertain on touchpoint.touchpoints (kind, occurred_at, id)
  where deleted_at is null and uncertain <> '{}';
create index copies_mailbox on touchpoint.copies (mailbox, touchpoint);
-- answers whole questions about a task without the table; takes the place of the narrower one
create index tags_task on touchpoint.tags (task, label, touchpoint) include (score, origin);
drop index touchpoint.tags_label;

-- Parsed when they are made and without settings of their own, so that the planner puts them into the query.

create function touchpoint.local_time(at timestamptz, all_day boolean, zone text) returns timestamp
language sql immutable return case when all_day then at at time zone 'UTC' else at at time zone zone end;
comment on function touchpoint.local_time is 'Wall clock in a zone; all-day meetings float: their day is the same everywhere.';

create function touchpoint.instant(at timestamptz, all_day boolean, zone text) returns timestamptz
language sql immutable return case when all_day then (at at time zone 'UTC') at time zone zone else at end;
comment on function touchpoint.instant is 'When it is for somebody in that zone: an all-day meeting begins at their midnight.';

create function touchpoint.meeting_status(
  kind text, cancelled boolean, starts timestamptz, ends timestamptz, all_day boolean, at timestamptz, zone text) returns text
language sql immutable return case
  when kind <> 'meeting' then null
  when cancelled then 'cancelled'
  when touchpoint.instant(coalesce(ends, starts), all_day, zone) <= at then 'completed'
  else 'scheduled' end;

create function touchpoint.is_inside(domains text, inside text) returns boolean
language sql immutable return case when domains <> '' and inside is not null then domains ~ inside end;
comment on function touchpoint.is_inside is 'True when everybody with an address is of our own domains; null when that cannot be told.';

create function touchpoint.inside_pattern(p jsonb) returns text
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {internal_domains?} -> what the domains of an internal touchpoint look like. Domains of the mailboxes that are read are
-- our own without being named; a name counts with all that lies below it, on label boundaries. Null when none is known.
  select '^(( |^)([^ ]+\.)?(' || string_agg(distinct replace(d, '.', '\.'), '|') || '))+$' from (
    select lower(unnest(touchpoint.texts_of(p, 'internal_domains'))) as d
    union all
    select substring(m.address from '@([^@]+)$') from mailboxes m) own
  where d ~ '^[^\s.@|()\[\]{}*+?^$\\]+(\.[^\s.@|()\[\]{}*+?^$\\]+)+$'
$$;

create function touchpoint.is_recurring(wanted uuid, habit text) returns boolean
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- Three occurrences or more: of the series where Graph names one, else of the habit.
  select case
    when exists (select from copies c where c.touchpoint = wanted and c.series is not null) then exists (
      select from copies c where c.touchpoint = wanted and c.series is not null and (
        select count(*) from (
          select from copies k where k.feed = c.feed and k.series = c.series limit 3) three) = 3)
    else (select count(*) from (
      select from touchpoints o where o.repeats_as = habit and o.deleted_at is null limit 3) three) = 3 end
$$;

create function touchpoint.excerpt(body text, word text) returns text
language sql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- 240 characters of a text on one line: from just before the word where it occurs, else from the start.
  select regexp_replace(case when at > 60 then '…' || substr(head, at - 40, 240) else left(head, 240) end, '\s+', ' ', 'g')
  from (select left(body, 20000) as head, case when word <> '' then strpos(lower(left(body, 20000)), word) else 0 end as at) h
$$;

create function touchpoint.typed_words(typed text) returns tsquery
language plpgsql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- What somebody types into a search box: all words must occur, each may go on. Any input will do; null when there is no
-- word in it, or only such as say nothing ("the"). While the last word is being typed its stem does not match yet
-- ("traini", training is stored as "train"), so a beginning ending is also tried without.
declare
  word text;
  words text[] := regexp_split_to_array(lower(left(coalesce(typed, ''), 1000)), '[\s!-/:-@\[-`{-~]+');
  one tsquery;
  every tsquery;
begin
  -- nobody types more; each word costs a walk over the index
  words := array_remove(words[1:20], '');
  foreach word in array words loop
    one := to_tsquery('pg_catalog.english', quote_literal(word) || ':*');
    if word = words[cardinality(words)] and word ~ '.{3}(atio|ati|at|in|i)$' then
      one := one || to_tsquery('pg_catalog.english', quote_literal(regexp_replace(word, '(atio|ati|at|in|i)$', '')));
    end if;
    if numnode(one) > 0 then
      every := coalesce(every && one, one);
    end if;
  end loop;
  return every;
end
$$;

-- 4. The Briefing Room -----------------------------------------------------------------------------------------------

create type touchpoint.meeting_filter as (
  kinds text[], at timestamptz, zone text, since timestamptz, until timestamptz, words tsquery, word text,
  clients uuid[], with_client boolean, department text[], people jsonb[], inside text, internal boolean,
  recurring boolean, uncertain boolean, statuses text[], meeting_types text[], intents text[],
  topics text[], cancelled boolean);

create function touchpoint.flag_of(p jsonb, field text) returns boolean
language plpgsql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- true, false, or null when it is left out. SQLSTATE PT400 for anything else.
begin
  if p ? field and jsonb_typeof(p->field) <> 'boolean' then
    raise exception '%: wants true or false', field using errcode = 'PT400';
  end if;
  return (p->field)::boolean;
end
$$;

create function touchpoint.meeting_filter_of(p jsonb) returns touchpoint.meeting_filter
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- The payload of the Briefing Room's functions, checked and resolved; what is null does not filter.
declare
  f touchpoint.meeting_filter;
begin
  f.kinds := touchpoint.kinds_of(p, '{meeting}');
  f.zone := touchpoint.zone_of(p);
  f.at := (p->>'now')::timestamptz;
  if f.at is null then
    raise exception 'now: wants an instant' using errcode = 'PT400';
  end if;
  f.since := (p->>'since')::timestamptz;
  f.until := (p->>'until')::timestamptz;
  f.words := touchpoint.typed_words(p->>'text');
  f.word := substring(lower(p->>'text') from '[^\s!-/:-@\[-`{-~]+');
  f.clients := touchpoint.clients_named(touchpoint.texts_of(p, 'clients'));
  f.with_client := touchpoint.flag_of(p, 'with_client');
  f.department := (select array_agg(lower(d)) from unnest(touchpoint.texts_of(p, 'department')) d);
  if p ? 'department' then f.department := coalesce(f.department, '{}'); end if;
  if p ? 'people' then
    f.people := array(select jsonb_build_array(jsonb_build_object('address', lower(a)))
      from unnest(touchpoint.texts_of(p, 'people')) a);
  end if;
  f.inside := touchpoint.inside_pattern(p);
  f.internal := touchpoint.flag_of(p, 'internal');
  f.recurring := touchpoint.flag_of(p, 'recurring');
  f.uncertain := touchpoint.flag_of(p, 'uncertain');
  f.statuses := touchpoint.texts_of(p, 'status');
  f.meeting_types := touchpoint.texts_of(p, 'meeting_types');
  f.intents := touchpoint.texts_of(p, 'intents');
  f.topics := touchpoint.texts_of(p, 'topics');
  f.cancelled := touchpoint.flag_of(p, 'cancelled');
  return f;
end
$$;

create function touchpoint.meeting_conditions(f touchpoint.meeting_filter, faceted boolean) returns text
language plpgsql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- SQL over a touchpoint t and the filter $1: only what is asked for, so that each question gets the plan it deserves.
-- Fixed texts put together; nothing that a caller sent is in them. Without `faceted` what has facets is left out.
declare
  c text[] := array['t.deleted_at is null', 't.occurred_at is not null'];
begin
  -- no zone is further from UTC than 14 hours: the bare column is what an index can answer
  if f.since is not null then c := c || array[
    't.occurred_at >= ($1).since - interval ''14 hours''',
    'touchpoint.instant(t.occurred_at, t.all_day, ($1).zone) >= ($1).since']; end if;
  if f.until is not null then c := c || array[
    't.occurred_at < ($1).until + interval ''14 hours''',
    'touchpoint.instant(t.occurred_at, t.all_day, ($1).zone) < ($1).until']; end if;
  if f.words is not null then c := c || 't.words @@ ($1).words'::text; end if;
  if f.with_client is not null then c := c || '(t.client is not null) = ($1).with_client'::text; end if;
  if f.department is not null then c := c ||
    't.id in (select k.touchpoint from touchpoint.copies k where k.mailbox = any(($1).department))'::text; end if;
  if f.people is not null then c := c || 't.people @> any(($1).people)'::text; end if;
  if f.uncertain then c := c ||
    ('(t.uncertain <> ''{}'' or exists (select from touchpoint.rejected r where r.touchpoint = t.id)) '
    || 'and touchpoint.uncertain_of(t.id, t.uncertain) <> ''{}''')::text; end if;
  if f.topics is not null then c := c || ('t.id in (select g.touchpoint from touchpoint.current_tags g '
    || 'where g.task = ''topic'' and g.label = any(($1).topics))')::text; end if;
  if f.cancelled is not null then c := c || 't.cancelled = ($1).cancelled'::text; end if;
  if not faceted then
    return array_to_string(c, ' and ');
  end if;
  if f.clients is not null then c := c || 't.client = any(($1).clients)'::text; end if;
  if f.internal is not null then c := c || 'touchpoint.is_inside(t.domains, ($1).inside) = ($1).internal'::text; end if;
  if f.recurring is not null then c := c || array[
    't.kind = ''meeting''', 'touchpoint.is_recurring(t.id, t.repeats_as) = ($1).recurring']; end if;
  if f.statuses is not null then c := c || ('touchpoint.meeting_status(t.kind, t.cancelled, t.occurred_at, t.ends_at, t.all_day, ($1).at, ($1).zone) '
    || '= any(($1).statuses)')::text; end if;
  if f.meeting_types is not null then c := c || touchpoint.label_condition('meeting_types', f.meeting_types,
    -- a case, as it is thought to hold for every other row and not for hardly any
    ' and case when (select h.label from touchpoint.current_tags h where h.touchpoint = t.id and h.task = ''intent'' '
    || 'order by h.score desc, h.label limit 1) = any(($1).meeting_types) then true else false end'); end if;
  if f.intents is not null then c := c || touchpoint.label_condition('intents', f.intents, ''); end if;
  return array_to_string(c, ' and ');
end
$$;

create function touchpoint.label_condition(field text, wanted text[], besides text) returns text
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- Any of the labels of a field of the filter. "none": somebody looked, the model or a person, and no label holds;
-- "untagged": nobody has looked yet.
  with known(looked, bare) as (values (
    '(t.tagged_at is not null or exists (select from touchpoint.settled s where s.touchpoint = t.id and s.task = ''intent''))',
    'not exists (select from touchpoint.current_tags g where g.touchpoint = t.id and g.task = ''intent'')'))
  select '(' || concat_ws(' or ',
    case when not wanted <@ '{none,untagged}' then format('(t.id in (select g.touchpoint from touchpoint.current_tags g '
      || 'where g.task = ''intent'' and g.label = any(($1).%I))%s)', field, besides) end,
    case when 'none' = any(wanted) then format('(%s and %s)', looked, bare) end,
    case when 'untagged' = any(wanted) then format('(not %s and %s)', looked, bare) end,
    case when wanted = '{}' then 'false' end) || ')' from known
$$;

create function touchpoint.page_key(at timestamptz, id uuid) returns text
language sql immutable return (extract(epoch from at) * 1000000)::bigint || '_' || id;
comment on function touchpoint.page_key is 'Where a row stands in a list by time: microseconds since 1970, and its id.';

create function touchpoint.page_place(given text, out at timestamptz, out id uuid)
language plpgsql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- A page key read back; nulls for none. SQLSTATE PT400 for what is no key.
begin
  if given !~ '^-?[0-9]{1,18}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    raise exception 'after, before: wants a key that an earlier answer gave' using errcode = 'PT400';
  end if;
  at := timestamptz 'epoch' + interval '1 microsecond' * split_part(given, '_', 1)::bigint;
  id := split_part(given, '_', 2)::uuid;
end
$$;

create function touchpoint.limit_of(p jsonb, otherwise int, most int) returns int
language plpgsql immutable security invoker set search_path = pg_catalog, pg_temp as $$
-- {limit?} -> 1..most. SQLSTATE PT400 for what is no whole number; more than the most gives the most.
begin
  if p ? 'limit' and (jsonb_typeof(p->'limit') <> 'number' or p->>'limit' !~ '^[0-9]{1,9}$' or p->>'limit' ~ '^0+$') then
    raise exception 'limit: wants a whole number from 1 on' using errcode = 'PT400';
  end if;
  return least(coalesce((p->>'limit')::int, otherwise), most);
end
$$;

create function public.touchpoint_meetings(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp
-- compiling a query takes longer than running it
set jit = off as $$
-- {now, zone?, kinds?: [kind], withhold?: [kind], status?: [scheduled|completed|cancelled], meeting_types?: [label|none],
--  intents?: [label|none], since?, until?, text?, clients?: [name or id], with_client?, department?: [mailbox],
--  people?: [address], internal?, internal_domains?: [domain], recurring?, uncertain?: true, order?: desc|asc, limit?,
--  after?: key, before?: key, facets?: true}
-- -> {rows: [..], next: key|null, previous: key|null, zone, facets?: as touchpoint_meeting_facets answers}
-- Everything filters before the page is cut. By time and id; what has no time is on no page.
declare
  f touchpoint.meeting_filter := touchpoint.meeting_filter_of(p);
  wanted int := touchpoint.limit_of(p, 50, 200);
  backwards boolean := p->>'before' is not null;
  newest_first boolean := coalesce(p->>'order', 'desc') = 'desc';
  place record := touchpoint.page_place(coalesce(p->>'before', p->>'after'));
  falling boolean := newest_first <> backwards;
  conditions text := touchpoint.meeting_conditions(f, true);
  rows jsonb;
  more boolean;
  answer jsonb;
begin
  if coalesce(p->>'order', 'desc') not in ('asc', 'desc') or (p->>'before' is not null and p->>'after' is not null) then
    raise exception 'order: wants asc or desc; after and before: one of them' using errcode = 'PT400';
  end if;
  if place.id is not null then
    conditions := conditions || format(' and (t.occurred_at, t.id) %s ($3, $4)', case when falling then '<' else '>' end);
  end if;
  execute format($q$
    with page as materialized (
      select x.id from unnest(($1).kinds) k cross join lateral (
        select t.id, t.occurred_at from touchpoint.touchpoints t where t.kind = k and %1$s
        order by t.occurred_at %2$s, t.id %2$s limit $2) x
      order by x.occurred_at %2$s, x.id %2$s limit $2)
    select coalesce(jsonb_agg(to_jsonb(r) order by r.occurred_at %3$s, r.id %3$s), '[]') from (
      select touchpoint.page_key(t.occurred_at, t.id) as key,
        t.id, t.kind, t.source_key, t.title, touchpoint.excerpt(t.body, ($1).word) as snippet,
        t.occurred_at, t.ends_at, t.all_day, t.time_zone,
        to_char(touchpoint.local_time(t.occurred_at, t.all_day, ($1).zone), 'YYYY-MM-DD') as local_date,
        case when not t.all_day then to_char(t.occurred_at at time zone ($1).zone, 'HH24:MI') end as local_time,
        t.details->'minutes' as minutes, p.organiser, p.attendees,
        t.details->>'joinUrl' as join_url, t.details->>'location' as location,
        case when c.id is not null then jsonb_build_object('id', c.id, 'name', c.name) end as client,
        t.client_method, round(t.client_confidence::numeric, 4) as client_confidence,
        touchpoint.meeting_status(t.kind, t.cancelled, t.occurred_at, t.ends_at, t.all_day, ($1).at, ($1).zone) as status,
        case when t.kind = 'meeting' then touchpoint.is_recurring(t.id, t.repeats_as) end as recurring,
        touchpoint.is_inside(t.domains, ($1).inside) as internal,
        l.intent->0->>'label' as meeting_type_auto, l.intent->0->'score' as meeting_type_confidence,
        coalesce(l.labels, '[]') as labels,
        case when t.uncertain <> '{}' or exists (select from touchpoint.rejected r where r.touchpoint = t.id)
          then touchpoint.uncertain_of(t.id, t.uncertain) else '{}' end as uncertain,
        t.tagged_at is not null as tagged
      from page join touchpoint.touchpoints t using (id) left join touchpoint.clients c on c.id = t.client
      cross join lateral (
        select jsonb_agg(jsonb_build_object('name', e->>'name', 'address', e->>'address'))
            filter (where e->>'role' in ('organizer', 'from'))->0 as organiser,
          count(*) filter (where e->>'role' not in ('organizer', 'from', 'resource')) as attendees
        from jsonb_array_elements(t.people) e) p
      cross join lateral (
        select jsonb_agg(g.line order by g.task, g.score desc, g.label) as labels,
          jsonb_agg(g.line order by g.score desc, g.label) filter (where g.task = 'intent') as intent
        from (
          select g.task, g.score, g.label, jsonb_build_object('task', g.task, 'label', g.label,
            'score', round(g.score::numeric, 4), 'origin', g.origin, 'version', g.version) as line
          from touchpoint.current_tags g where g.touchpoint = t.id) g) l) r
    $q$, conditions, case when falling then 'desc' else 'asc' end, case when newest_first then 'desc' else 'asc' end)
  into rows using f, wanted + 1, place.at, place.id;
  more := jsonb_array_length(rows) > wanted;
  if more then
    rows := rows - case when backwards then 0 else wanted end;
  end if;
  answer := jsonb_build_object('rows', rows, 'zone', f.zone,
    'next', case when backwards or more then rows->-1->'key' end,
    'previous', case when (backwards and more) or p->>'after' is not null then rows->0->'key' end);
  if touchpoint.flag_of(p, 'facets') then
    answer := answer || jsonb_build_object('facets', public.touchpoint_meeting_facets(p));
  end if;
  return answer;
end
$$;

create function public.touchpoint_meeting_facets(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp
set jit = off set work_mem = '32MB' as $$
-- The payload of touchpoint_meetings (order, limit, after and before make no difference) ->
-- {total, status: {status: n}, meeting_type: {label|none|untagged: n}, intent: {label|none|untagged: n},
--  client: [{id, name, n}], internal: {internal|external|unknown: n}, recurring: {recurring|single: n}}
-- Each counts what all other filters leave, its own left out: what choosing another value would show. `total` counts
-- what all of them leave. A touchpoint with several intents counts under each.
declare
  f touchpoint.meeting_filter := touchpoint.meeting_filter_of(p);
  answer jsonb;
begin
  execute format($q$
    with base as materialized (
      select t.id, t.client, t.repeats_as, t.kind, t.tagged_at is not null as tagged,
        touchpoint.meeting_status(t.kind, t.cancelled, t.occurred_at, t.ends_at, t.all_day, ($1).at, ($1).zone) as status,
        touchpoint.is_inside(t.domains, ($1).inside) as inside
      from touchpoint.touchpoints t where t.kind = any(($1).kinds) and %s
    ),
    intent as (
      select g.touchpoint, array_agg(g.label order by g.score desc, g.label) as labels
      from base b join touchpoint.current_tags g on g.touchpoint = b.id and g.task = 'intent' group by g.touchpoint
    ),
    series as (
      select c.feed, c.series, count(*) >= 3 as recurring from touchpoint.copies c
      where c.series is not null group by c.feed, c.series
    ),
    in_series as (
      select c.touchpoint, bool_or(s.recurring) as recurring
      from base b join touchpoint.copies c on c.touchpoint = b.id join series s using (feed, series) group by c.touchpoint
    ),
    habits as (
      select o.repeats_as from touchpoint.touchpoints o
      where o.deleted_at is null and o.repeats_as is not null group by o.repeats_as having count(*) >= 3
    ),
    valued as (
      select b.id, b.client, b.status,
        case b.inside when true then 'internal' when false then 'external' else 'unknown' end as internal,
        case when b.kind = 'meeting' then
          case when coalesce(s.recurring, h.repeats_as is not null) then 'recurring' else 'single' end end as recurring,
        coalesce(i.labels, array[case when b.tagged or d.task is not null then 'none' else 'untagged' end]) as labels
      from base b left join intent i on i.touchpoint = b.id left join in_series s on s.touchpoint = b.id
        left join habits h on h.repeats_as = b.repeats_as
        left join touchpoint.settled d on d.touchpoint = b.id and d.task = 'intent'
    ),
    judged as materialized (
      select v.*,
        ($1).statuses is null or coalesce(v.status = any(($1).statuses), false) as by_status,
        ($1).meeting_types is null or v.labels[1] = any(($1).meeting_types) as by_type,
        ($1).intents is null or v.labels && ($1).intents as by_intent,
        ($1).clients is null or coalesce(v.client = any(($1).clients), false) as by_client,
        ($1).internal is null or v.internal = case when ($1).internal then 'internal' else 'external' end as by_internal,
        ($1).recurring is null or coalesce(v.recurring = case when ($1).recurring then 'recurring' else 'single' end, false)
          as by_recurring
      from valued v
    ),
    counted as (
      select 'total' as facet, null as value, count(*) as n from judged
      where by_status and by_type and by_intent and by_client and by_internal and by_recurring
      union all
      select 'status', status, count(*) from judged
      where by_type and by_intent and by_client and by_internal and by_recurring and status is not null group by status
      union all
      select 'meeting_type', labels[1], count(*) from judged
      where by_status and by_intent and by_client and by_internal and by_recurring group by labels[1]
      union all
      select 'intent', label, count(*) from judged, unnest(labels) label
      where by_status and by_type and by_client and by_internal and by_recurring group by label
      union all
      select 'client', client::text, count(*) from judged
      where by_status and by_type and by_intent and by_internal and by_recurring and client is not null group by client
      union all
      select 'internal', internal, count(*) from judged
      where by_status and by_type and by_intent and by_client and by_recurring group by internal
      union all
      select 'recurring', recurring, count(*) from judged
      where by_status and by_type and by_intent and by_client and by_internal and recurring is not null group by recurring
    )
    select jsonb_build_object(
      'total', max(n) filter (where facet = 'total'),
      'status', coalesce(jsonb_object_agg(value, n) filter (where facet = 'status'), '{}'),
      'meeting_type', coalesce(jsonb_object_agg(value, n) filter (where facet = 'meeting_type'), '{}'),
      'intent', coalesce(jsonb_object_agg(value, n) filter (where facet = 'intent'), '{}'),
      'internal', coalesce(jsonb_object_agg(value, n) filter (where facet = 'internal'), '{}'),
      'recurring', coalesce(jsonb_object_agg(value, n) filter (where facet = 'recurring'), '{}'),
      'client', coalesce(jsonb_agg(jsonb_build_object('id', value, 'name', c.name, 'n', n) order by n desc, c.name)
        filter (where facet = 'client'), '[]'))
    from counted left join touchpoint.clients c on counted.facet = 'client' and c.id::text = counted.value
    $q$, touchpoint.meeting_conditions(f, false))
  into answer using f;
  return answer;
end
$$;

create function touchpoint.touchpoint_named(p jsonb) returns uuid
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {id} or {kind, source_key}, with {withhold?: [kind]} -> id. SQLSTATE PT404 when there is none or its kind is withheld:
-- the two look the same from outside.
declare
  held text[] := coalesce(touchpoint.texts_of(p, 'withhold'), '{}');
  found uuid;
begin
  if p->>'id' is null then
    select t.id into found from touchpoints t
    where t.kind = p->>'kind' and t.source_key = p->>'source_key' and t.kind <> all(held);
  elsif p->>'id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    select t.id into found from touchpoints t where t.id = (p->>'id')::uuid and t.kind <> all(held);
  end if;
  if found is null then
    raise exception 'there is no such touchpoint' using errcode = 'PT404';
  end if;
  return found;
end
$$;

create function public.touchpoint_get(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {id} or {kind, source_key}, with {withhold?: [kind], deleted?: true} -> everything known of one touchpoint.
-- tags: all of every origin; current: those that hold; feedback: what people said, oldest first.
-- SQLSTATE PT404 when there is none, it is of a kind that is withheld, or it is deleted and that was not asked for.
declare
  found touchpoints;
begin
  select t.* into found from touchpoints t where t.id = touchpoint.touchpoint_named(p);
  if found.deleted_at is not null and touchpoint.flag_of(p, 'deleted') is not true then
    raise exception 'there is no such touchpoint' using errcode = 'PT404';
  end if;
  return jsonb_build_object(
    'id', found.id, 'kind', found.kind, 'source_key', found.source_key, 'title', found.title, 'text', found.body,
    'occurred_at', found.occurred_at, 'ends_at', found.ends_at, 'all_day', found.all_day, 'time_zone', found.time_zone,
    'people', found.people, 'details', found.details,
    'client', (select jsonb_build_object('id', c.id, 'name', c.name) from clients c where c.id = found.client),
    'client_method', found.client_method, 'client_confidence', round(found.client_confidence::numeric, 4),
    'copies', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', k.mailbox, 'graph_id', k.graph_id,
      'series', k.series) order by k.mailbox, k.graph_id), '[]') from copies k where k.touchpoint = found.id),
    'tags', (select coalesce(jsonb_agg(jsonb_build_object('task', g.task, 'label', g.label,
      'score', round(g.score::numeric, 4), 'origin', g.origin, 'version', g.version)
      order by g.task, g.origin, g.score desc, g.label), '[]') from tags g where g.touchpoint = found.id),
    'current', touchpoint.current_tags_of(found.id),
    'settled', (select coalesce(jsonb_agg(s.task order by s.task), '[]') from settled s where s.touchpoint = found.id),
    'uncertain', touchpoint.uncertain_of(found.id, found.uncertain),
    'feedback', touchpoint.feedback_of(found.id),
    'encoder', found.encoder, 'taxonomy', found.taxonomy, 'tagged_at', found.tagged_at,
    'tag_error', found.tag_error, 'embedded', found.embedding is not null,
    'created_at', found.created_at, 'updated_at', found.updated_at, 'deleted_at', found.deleted_at);
end
$$;

-- 5. A client's profile ----------------------------------------------------------------------------------------------

create function touchpoint.client_of(p jsonb) returns uuid
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {client?: id, name or alias} -> its id, null when it is left out. SQLSTATE PT404 for a client that nobody knows.
declare
  found uuid := (touchpoint.clients_named(array[p->>'client']))[1];
begin
  if p->>'client' is not null and found is null then
    raise exception 'there is no such client' using errcode = 'PT404';
  end if;
  return found;
end
$$;

create function touchpoint.periods_of(p jsonb) returns table (starts timestamp, ends timestamp, shown boolean)
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {period: week|month|quarter, since, until, zone?} -> the whole periods that the span touches, by wall clock in the
-- zone, and the one before them, not to be shown. Weeks begin on Monday. SQLSTATE PT400 for more than 520 of them.
declare
  zone text := touchpoint.zone_of(p);
  unit text := p->>'period';
  step interval := case unit when 'week' then '7 days' when 'month' then '1 month' when 'quarter' then '3 months' end;
  since timestamptz := (p->>'since')::timestamptz;
  until timestamptz := (p->>'until')::timestamptz;
begin
  if step is null or since is null or until is null or until <= since then
    raise exception 'period: wants week, month or quarter; since and until: a span of time' using errcode = 'PT400';
  end if;
  -- ten years of weeks
  if until - since > step * 520 then
    raise exception 'until: wants at most 520 periods after since' using errcode = 'PT400';
  end if;
  return query
    select s, s + step, s >= date_trunc(unit, since at time zone zone)
    from generate_series(date_trunc(unit, since at time zone zone) - step,
      date_trunc(unit, (until - interval '1 microsecond') at time zone zone), step) s;
end
$$;

create function public.touchpoint_heatmap(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp
set plan_cache_mode = force_custom_plan set jit = off set work_mem = '32MB' set random_page_cost = 1.1 as $$
-- {now, period: week|month|quarter, since, until, zone?, client?: name or id, kinds?, withhold?, top?: clients, 10}
-- -> {zone, period, periods: [{start: date, complete}],
--     topics: [{topic, n, cells: [{start, n, previous, change, relative|null}]}], most first,
--     clients: [{id, name, n, topics: [{topic, n}]}], the `top` of them, most first}
-- n counts touchpoints, cancelled meetings left out; one with several topics counts under each. Every topic that occurs
-- has a cell in every period, noughts too. relative is change / previous, null where there was nothing to compare with.
declare
  zone text := touchpoint.zone_of(p);
  unit text := p->>'period';
  only_client uuid := touchpoint.client_of(p);
  read_kinds text[] := touchpoint.kinds_of(p, '{meeting,email,action,nps,topic,knowledge,risk}');
  at timestamptz := (p->>'now')::timestamptz;
  from_at timestamptz;
  to_at timestamptz;
  answer jsonb;
begin
  select min(s.starts) at time zone zone, max(s.ends) at time zone zone into from_at, to_at from touchpoint.periods_of(p) s;
  with periods as materialized (
    select s.starts, s.ends, s.shown from touchpoint.periods_of(p) s
  ),
  live as (
    select t.id, t.client, date_trunc(unit, touchpoint.local_time(t.occurred_at, t.all_day, zone)) as starts
    from touchpoints t
    where t.deleted_at is null and not t.cancelled and t.kind = any(read_kinds)
      and (only_client is null or t.client = only_client)
      and t.occurred_at >= from_at - interval '14 hours' and t.occurred_at < to_at + interval '14 hours'
  ),
  counts as materialized (
    select g.label, l.client, l.starts, count(*) as n
    from live l join current_tags g on g.touchpoint = l.id and g.task = 'topic'
    group by g.label, l.client, l.starts
  ),
  cells as (
    select label, s.starts, s.shown, coalesce(sum(c.n), 0) as n,
      lag(coalesce(sum(c.n), 0)) over (partition by label order by s.starts) as previous
    from (select distinct label from counts) labels cross join periods s left join counts c using (label, starts)
    group by label, s.starts, s.shown
  ),
  topics as (
    select label, sum(n) as n, jsonb_agg(jsonb_build_object('start', to_char(starts, 'YYYY-MM-DD'), 'n', n,
      'previous', previous, 'change', n - previous,
      'relative', round((n - previous) / nullif(previous, 0), 4)) order by starts) as cells
    from cells where shown group by label having sum(n) > 0
  ),
  by_client as (
    select client, sum(n) as n, jsonb_agg(jsonb_build_object('topic', label, 'n', n) order by n desc, label) as topics
    from (select client, label, sum(n) as n from counts join periods s using (starts)
      where s.shown and client is not null group by client, label) c
    group by client
  )
  select jsonb_build_object('zone', zone, 'period', unit,
    'periods', (select jsonb_agg(jsonb_build_object('start', to_char(starts, 'YYYY-MM-DD'),
      'complete', ends at time zone zone <= at) order by starts) from periods where shown),
    'topics', (select coalesce(jsonb_agg(jsonb_build_object('topic', label, 'n', n, 'cells', cells) order by n desc, label), '[]')
      from topics),
    'clients', (select coalesce(jsonb_agg(jsonb_build_object('id', b.client, 'name', b.name, 'n', b.n, 'topics', b.topics)
      order by b.n desc, b.name), '[]') from (
        select b.client, c.name, b.n, b.topics from by_client b join clients c on c.id = b.client
        order by b.n desc, c.name limit touchpoint.limit_of(jsonb_build_object('limit', coalesce(p->'top', '10')), 10, 200)) b))
  into answer;
  return answer;
end
$$;

create function touchpoint.sentiments(only_client uuid, read_kinds text[], since timestamptz, until timestamptz)
returns table (touchpoint uuid, occurred_at timestamptz, all_day boolean, sentiment text, mixed boolean)
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- The sentiment that holds of each touchpoint of a span (of one client, or of all): its balance, and whether it is mixed.
  select t.id, t.occurred_at, t.all_day,
    (array_agg(g.label order by g.score desc, g.label) filter (where g.label <> 'mixed'))[1],
    bool_or(g.label = 'mixed')
  from touchpoints t join current_tags g on g.touchpoint = t.id and g.task = 'sentiment'
  where t.deleted_at is null and t.kind = any(read_kinds) and (only_client is null or t.client = only_client)
    and t.occurred_at >= since and t.occurred_at < until
  group by t.id, t.occurred_at, t.all_day
$$;

create function public.touchpoint_trend(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp
set plan_cache_mode = force_custom_plan set jit = off set work_mem = '32MB' set random_page_cost = 1.1 as $$
-- {now, period: week|month|quarter, since, until, zone?, client?: name or id, kinds?, withhold?}
-- -> {zone, period, periods: [{start: date, complete, n, positive, neutral, negative, mixed,
--     share: {positive, neutral, negative, mixed}|null, mean|null}]}
-- What is mixed counts as mixed and not as its balance; mean is that of the balances, positive 1, neutral 0, negative -1.
declare
  zone text := touchpoint.zone_of(p);
  unit text := p->>'period';
  only_client uuid := touchpoint.client_of(p);
  read_kinds text[] := touchpoint.kinds_of(p, '{nps,email}');
  answer jsonb;
begin
  with periods as materialized (
    select s.starts, s.ends from touchpoint.periods_of(p) s where s.shown
  ),
  said as (
    select date_trunc(unit, touchpoint.local_time(m.occurred_at, m.all_day, zone)) as starts,
      case when m.mixed then 'mixed' else m.sentiment end as sentiment,
      case m.sentiment when 'positive' then 1 when 'negative' then -1 else 0 end as value
    from (select min(starts) at time zone zone as since, max(ends) at time zone zone as until from periods) span
    cross join lateral touchpoint.sentiments(only_client, read_kinds,
      span.since - interval '14 hours', span.until + interval '14 hours') m
  ),
  counted as (
    select s.starts, s.ends, count(m.starts) as n, count(*) filter (where m.sentiment = 'positive') as positive,
      count(*) filter (where m.sentiment = 'neutral') as neutral, count(*) filter (where m.sentiment = 'negative') as negative,
      count(*) filter (where m.sentiment = 'mixed') as mixed, round(avg(m.value), 4) as mean
    from periods s left join said m using (starts) group by s.starts, s.ends
  )
  select jsonb_build_object('zone', zone, 'period', unit, 'periods', jsonb_agg(jsonb_build_object(
    'start', to_char(starts, 'YYYY-MM-DD'), 'complete', ends at time zone zone <= (p->>'now')::timestamptz, 'n', n,
    'positive', positive, 'neutral', neutral, 'negative', negative, 'mixed', mixed,
    'share', case when n > 0 then jsonb_build_object('positive', round(positive::numeric / n, 4),
      'neutral', round(neutral::numeric / n, 4), 'negative', round(negative::numeric / n, 4),
      'mixed', round(mixed::numeric / n, 4)) end,
    'mean', mean) order by starts))
  into answer from counted;
  return answer;
end
$$;

create function touchpoint.fading(at timestamptz, since timestamptz, half_life_days float8) returns float8
language sql immutable return power(0.5, greatest(extract(epoch from at - since), 0) / 86400 / half_life_days)::float8;
comment on function touchpoint.fading is 'How much something still counts: half after each half-life; 1 for what lies ahead.';

create function public.touchpoint_signal(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp
set plan_cache_mode = force_custom_plan set jit = off set work_mem = '32MB' set random_page_cost = 1.1 as $$
-- {client: name or id, now, days?: 180, half_life_days?: 30, withhold?}
-- -> {client: {id, name}, signal: 0..100|null, window: {since, until, half_life_days}, touchpoints,
--     sentiment: {value: 0..1|null, weight, n, positive, neutral, negative, mixed, minimum},
--     escalations: {value: 0..1|null, weight, n, open: [{id, kind, title, occurred_at}], the newest 20},
--     risks: {value: 0..1|null, weight, n, by_category: {category|none: n}}}
-- How much points to trouble, 0 none, 100 all: apart from any health score, and made only of what is in the parts.
-- sentiment: the share of negative among what has a sentiment, each fading with its age, a mixed one with a negative
-- balance counting half. escalations: 1 - exp(-x / 2) for x escalations that still count, fading with their age; cancelled
-- meetings and finished actions do not. risks: 1 - exp(-n / 3) for n risks on record, which do not fade.
-- Null where there is too little: sentiment under five, escalations under five touchpoints of the kinds that can carry
-- one, risks without any. signal is the mean of the parts that are there by weight (50, 30, 20), null without any.
declare
  only_client uuid := touchpoint.client_of(p);
  at timestamptz := (p->>'now')::timestamptz;
  half_life float8 := coalesce((p->>'half_life_days')::float8, 30);
  since timestamptz := at - make_interval(days => coalesce((p->>'days')::int, 180));
  enough constant int := 5;
  seen int;
  feelings jsonb;
  alarms jsonb;
  dangers jsonb;
begin
  if only_client is null or at is null or half_life <= 0 or since >= at then
    raise exception 'client, now: are wanted; days, half_life_days: more than nought' using errcode = 'PT400';
  end if;

  with said as (
    select m.sentiment, m.mixed, touchpoint.fading(at, m.occurred_at, half_life) as counts
    from touchpoint.sentiments(only_client, touchpoint.kinds_of(p - 'kinds', '{nps,email}'), since, at) m
  )
  select jsonb_build_object('n', count(*), 'minimum', enough, 'weight', 50,
    'value', case when count(*) >= enough then round((sum(counts * case when sentiment <> 'negative' then 0 when mixed then 0.5
      else 1 end) / sum(counts))::numeric, 4) end,
    'positive', count(*) filter (where sentiment = 'positive' and not mixed),
    'neutral', count(*) filter (where sentiment = 'neutral' and not mixed),
    'negative', count(*) filter (where sentiment = 'negative' and not mixed),
    'mixed', count(*) filter (where mixed))
  into feelings from said;

  with open as (
    select t.id, t.kind, t.title, t.occurred_at, touchpoint.fading(at, t.occurred_at, half_life) as counts
    from touchpoints t
    where t.deleted_at is null and not t.cancelled and t.client = only_client
      and t.kind = any(touchpoint.kinds_of(p - 'kinds', '{meeting,email,action}'))
      and t.occurred_at >= since and (t.kind <> 'email' or t.occurred_at < at)
      and coalesce(lower(t.details->>'status'), '') not in ('completed', 'complete', 'closed', 'done', 'resolved', 'cancelled')
      and exists (select from current_tags g where g.touchpoint = t.id and g.label = 'escalation'
        and g.task in ('intent', 'action'))
  )
  select jsonb_build_object('n', count(*), 'weight', 30, 'value', round((1 - exp(-coalesce(sum(counts), 0) / 2))::numeric, 4),
    'open', coalesce((select jsonb_agg(to_jsonb(o) - 'counts' order by o.occurred_at desc, o.id)
      from (select * from open order by occurred_at desc, id limit 20) o), '[]'))
  into alarms from open;
  select count(*) into seen from touchpoints t
  where t.deleted_at is null and t.client = only_client and t.occurred_at >= since
    and t.kind = any(touchpoint.kinds_of(p - 'kinds', '{meeting,email,action}'));
  if seen < enough and (alarms->>'n')::int = 0 then
    alarms := alarms || '{"value": null}';
  end if;

  with found as (
    select coalesce(touchpoint.primary_label(t.id, 'risk'), 'none') as category
    from touchpoints t where t.deleted_at is null and t.client = only_client
      and t.kind = any(touchpoint.kinds_of(p - 'kinds', '{risk}'))
      and coalesce(lower(t.details->>'status'), '') not in ('completed', 'complete', 'closed', 'done', 'resolved')
  ),
  by_category as (
    select category, count(*) as n from found group by category
  )
  select jsonb_build_object('n', coalesce(sum(n), 0), 'weight', 20,
    'value', case when sum(n) > 0 then round((1 - exp(-sum(n) / 3.0))::numeric, 4) end,
    'by_category', coalesce(jsonb_object_agg(category, n), '{}'))
  into dangers from by_category;

  return jsonb_build_object(
    'client', (select jsonb_build_object('id', c.id, 'name', c.name) from clients c where c.id = only_client),
    'signal', (select round(100 * sum((e->>'value')::numeric * (e->>'weight')::numeric) / sum((e->>'weight')::numeric))
      from unnest(array[feelings, alarms, dangers]) e where e->>'value' is not null),
    'window', jsonb_build_object('since', since, 'until', at, 'half_life_days', half_life),
    'touchpoints', seen, 'sentiment', feelings, 'escalations', alarms, 'risks', dangers);
end
$$;

create function public.touchpoint_client_list(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {now, kinds?, withhold?} -> [{id, name, aliases, domains, n, by_kind: {kind: n}, last_contact, next_meeting}], by name.
-- last_contact is the last meeting or mail that has begun, next_meeting the first that has not; cancelled ones are neither.
declare
  read_kinds text[] := touchpoint.kinds_of(p, '{meeting,email,action,nps,topic,knowledge,risk}');
  at timestamptz := (p->>'now')::timestamptz;
  answer jsonb;
begin
  with counted as (
    select t.client, t.kind, count(*) as n,
      max(t.occurred_at) filter (where t.kind in ('meeting', 'email') and t.occurred_at <= at and not t.cancelled) as last,
      min(t.occurred_at) filter (where t.kind = 'meeting' and t.occurred_at > at and not t.cancelled) as next
    from touchpoints t
    where t.deleted_at is null and t.client is not null and t.kind = any(read_kinds)
    group by t.client, t.kind
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name,
    'aliases', (select coalesce(jsonb_agg(a.name order by a.name), '[]') from client_names a where a.client = c.id),
    'domains', (select coalesce(jsonb_agg(d.domain order by d.domain), '[]') from client_domains d where d.client = c.id),
    'n', coalesce(k.n, 0), 'by_kind', coalesce(k.by_kind, '{}'), 'last_contact', k.last, 'next_meeting', k.next)
    order by c.name), '[]')
  into answer
  from clients c left join (
    select client, sum(n) as n, jsonb_object_agg(kind, n) as by_kind, max(last) as last, min(next) as next
    from counted group by client) k on k.client = c.id;
  return answer;
end
$$;

select touchpoint.seal();
