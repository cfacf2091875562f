-- What lies behind a cell of the heatmap: the Briefing Room by topic, without what was cancelled.

alter type touchpoint.meeting_filter add attribute topics text[], add attribute cancelled boolean;

create or replace function touchpoint.meeting_filter_of(p jsonb) returns touchpoint.meeting_filter
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- The payload of the Briefing Room's functions, checked and resolved; what is null does not filter.
declare
  f touchpoint.meeting_filter;
begin
  f.kinds := touchpoint.kinds_of(p, '{meeting}');
  f.zone := touchpoint.zone_of(p);
  f.at := (p->>'now')::timestamptz;
  if f.at is null then
    raise exception 'now: wants an instant' using errcode = 'PT422';
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

create or replace function touchpoint.meeting_conditions(f touchpoint.meeting_filter, faceted boolean) returns text
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

select touchpoint.seal();
