-- Versions: every row says which encoder and taxonomy it was tagged by. A new encoder builds beside the one that serves:
-- there are two places for vectors, and a search reads one of them, whole.

alter table touchpoint.touchpoints
  add column embedding_b extensions.vector(384),
  add column encoder_b text,
  add column tagged_by text;
comment on column touchpoint.touchpoints.embedding_b is
  'The other slot: embedding and encoder are slot a, embedding_b and encoder_b slot b. touchpoint.encoders says which serves.';
comment on column touchpoint.touchpoints.tagged_by is
  'The encoder that the tags and the newest vector are from; null in rows that were tagged before there were two slots.';
create index touchpoints_embedding_b on touchpoint.touchpoints
  using hnsw (embedding_b extensions.vector_cosine_ops);

create table touchpoint.encoders (
  encoder text primary key,
  slot text not null check (slot in ('a', 'b')),
  state text not null check (state in ('building', 'serving', 'retired')),
  started_at timestamptz not null,
  completed_at timestamptz
);
comment on table touchpoint.encoders is
  'Searches compare vectors of the serving encoder alone. One that is building becomes serving when no row lacks it; the retired one''s slot is written over by the next.';
create unique index encoders_serving on touchpoint.encoders (state) where state = 'serving';
create unique index encoders_building on touchpoint.encoders (state) where state = 'building';

create table touchpoint.tagging (
  only_row boolean primary key default true check (only_row),
  encoder text,
  taxonomy text,
  started_at timestamptz,
  paused_at timestamptz,
  aside_encoder text,
  aside_taxonomy text,
  aside_at timestamptz
);
comment on table touchpoint.tagging is
  'One row: the version that is to be everywhere, which is the one that was started last. aside: who went on with another and was told to stand aside. Every writer of tags locks it first.';
insert into touchpoint.tagging default values;

-- What is stored already: the encoder that most rows have serves; rows of another are due again.
insert into touchpoint.encoders (encoder, slot, state, started_at, completed_at)
select t.encoder, 'a', 'serving', coalesce(min(t.tagged_at), now()), max(t.tagged_at) from touchpoint.touchpoints t
where t.embedding is not null and t.encoder is not null
group by t.encoder order by count(*) desc, t.encoder limit 1;

create function touchpoint.serving() returns touchpoint.encoders
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- The encoder that searches compare; a row of nulls where nothing was ever embedded.
  select e from encoders e where e.state = 'serving'
$$;

create function touchpoint.lacking(wanted_encoder text, wanted_taxonomy text) returns bigint
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- How many live rows are not tagged and embedded by that version.
-- Without a taxonomy only the vector counts; without either only whether the text was tagged at all.
  select count(*) from touchpoints t left join encoders e on e.encoder = wanted_encoder
  where t.deleted_at is null
    and (t.tagged_hash is distinct from t.text_hash
      or (wanted_taxonomy is not null and t.taxonomy is distinct from wanted_taxonomy)
      or (wanted_encoder is not null and (coalesce(t.tagged_by, t.encoder) is distinct from wanted_encoder
        or case e.slot when 'a' then t.encoder when 'b' then t.encoder_b end is distinct from wanted_encoder)))
$$;

create function touchpoint.finish_version(at timestamptz, most_attempts int) returns void
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- The encoder that is building serves from here on if no live row lacks its vector.
declare
  built encoders;
begin
  select * into built from encoders e where e.state = 'building';
  -- not through touchpoint.lacking, which reads every row: this is asked with every page, and the first row decides
  if built.encoder is null or exists (select from touchpoints t
    where t.deleted_at is null and t.attempts < most_attempts
      and (t.tagged_hash is distinct from t.text_hash or coalesce(t.tagged_by, t.encoder) is distinct from built.encoder
        or case built.slot when 'a' then t.encoder else t.encoder_b end is distinct from built.encoder)) then
    return;
  end if;
  update encoders set state = 'retired' where state = 'serving';
  update encoders set state = 'serving', completed_at = at where encoder = built.encoder;
end
$$;

create function touchpoint.start_version(new_encoder text, new_taxonomy text, at timestamptz) returns void
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- From here on everything is to be of this version. The caller holds the row of touchpoint.tagging.
-- A first encoder serves at once; another builds in the slot that does not serve, and ends what was building there.
-- Rows that made the version before fail are tried again.
declare
  old encoders := touchpoint.serving();
begin
  update touchpoints set attempts = 0
  where attempts > 0
    and exists (select from tagging g where (g.encoder, g.taxonomy) is distinct from (new_encoder, new_taxonomy));
  update tagging set encoder = new_encoder, taxonomy = new_taxonomy, started_at = at,
    aside_encoder = null, aside_taxonomy = null, aside_at = null;
  update encoders set state = 'retired' where state = 'building' and encoder <> new_encoder;
  insert into encoders as e (encoder, slot, state, started_at)
  values (new_encoder, case old.slot when 'a' then 'b' else 'a' end,
    case when old.encoder is null then 'serving' else 'building' end, at)
  on conflict (encoder) do update
    set slot = excluded.slot, state = excluded.state, started_at = at, completed_at = null
    where e.state = 'retired';
end
$$;

create function touchpoint.stands_aside(asked_encoder text, asked_taxonomy text, at timestamptz) returns boolean
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- Whether another version was started after this one; remembered for the status.
begin
  update tagging g set aside_encoder = asked_encoder, aside_taxonomy = asked_taxonomy, aside_at = at
  where (g.encoder, g.taxonomy) is distinct from (asked_encoder, asked_taxonomy);
  return found;
end
$$;

create function public.touchpoint_tagging_begin(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {encoder, taxonomy, now, attempts, start} -> {paused, aside}
-- With start (a tagger that was just made): this version is to be everywhere, whatever was before.
-- Without it (the same tagger later): aside says that another was started meanwhile, whose work is to stay.
declare
  at timestamptz := (p->>'now')::timestamptz;
  aside boolean := false;
  paused boolean;
begin
  select g.paused_at is not null into paused from tagging g for update;
  if coalesce((p->>'start')::boolean, false) then
    perform touchpoint.start_version(p->>'encoder', p->>'taxonomy', at);
  else
    aside := touchpoint.stands_aside(p->>'encoder', p->>'taxonomy', at);
  end if;
  -- the rows that it waited for may have been deleted, with no page of tags after that
  perform touchpoint.finish_version(at, (p->>'attempts')::int);
  return jsonb_build_object('paused', paused, 'aside', aside);
end
$$;

create function public.touchpoint_tagging_pause(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {paused, now} -> {paused}. Every tagger stops after the page that it is at, and goes on once this is taken back.
begin
  update tagging set paused_at = case when (p->>'paused')::boolean then coalesce(paused_at, (p->>'now')::timestamptz) end;
  return jsonb_build_object('paused', (p->>'paused')::boolean);
end
$$;

create function public.touchpoint_encoder(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {} -> {serving: encoder or null, building: encoder or null}: whose vectors a question must come from.
  select jsonb_build_object('serving', (select encoder from encoders where state = 'serving'),
    'building', (select encoder from encoders where state = 'building'))
$$;

create or replace function public.touchpoint_untagged(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {encoder, taxonomy, attempts, limit, after?: id} -> [{id, kind, title, body, text_hash}], newest content first is not
-- promised: rows come by id so that pages never overlap. Rows that failed `attempts` times are left alone.
  select coalesce(jsonb_agg(to_jsonb(r) order by r.id), '[]') from (
    select t.id, t.kind, t.title, t.body, t.text_hash
    from touchpoints t left join encoders e on e.encoder = p->>'encoder'
    where t.deleted_at is null
      and (t.tagged_hash is distinct from t.text_hash or t.taxonomy is distinct from p->>'taxonomy'
        or coalesce(t.tagged_by, t.encoder) is distinct from p->>'encoder'
        or case e.slot when 'a' then t.encoder when 'b' then t.encoder_b end is distinct from p->>'encoder')
      and t.attempts < (p->>'attempts')::int
      and (p->>'after' is null or t.id > (p->>'after')::uuid)
    order by t.id
    limit (p->>'limit')::int
  ) r
$$;

create function touchpoint.save_vectors(incoming jsonb, p jsonb, place text) returns uuid[]
language sql security invoker set search_path = touchpoint, extensions, pg_temp as $$
-- rows: [{id, text_hash, embedding, uncertain}] -> ids of those whose text is still what was read.
-- What the other slot holds of an older text goes: nothing is found by words that are no longer there.
  with rows as (
    select r.id, r.text_hash, r.embedding::vector as embedding,
      array(select jsonb_array_elements_text(r.uncertain)) as uncertain
    from jsonb_to_recordset(incoming) as r(id uuid, text_hash text, embedding text, uncertain jsonb)
  ),
  done as (
    update touchpoints t set
      embedding = case when place = 'a' then i.embedding when t.tagged_hash = i.text_hash then t.embedding end,
      encoder = case when place = 'a' then p->>'encoder' when t.tagged_hash = i.text_hash then t.encoder end,
      embedding_b = case when place = 'b' then i.embedding when t.tagged_hash = i.text_hash then t.embedding_b end,
      encoder_b = case when place = 'b' then p->>'encoder' when t.tagged_hash = i.text_hash then t.encoder_b end,
      tagged_by = p->>'encoder', taxonomy = p->>'taxonomy', tagged_hash = i.text_hash,
      tagged_at = (p->>'now')::timestamptz, attempts = 0, tag_error = null, uncertain = i.uncertain
    from rows i where t.id = i.id and t.text_hash = i.text_hash
    returning t.id
  )
  select coalesce(array_agg(id), '{}') from done
$$;

create or replace function public.touchpoint_tags_save(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {encoder, taxonomy, now, attempts?, rows: [{id, text_hash, embedding: "[..]", uncertain: [task],
--  tags: [{task, label, score}]}], failed: [{id, error}]} -> {saved, paused, aside}
-- A row whose text changed since it was read stays as it is: it will be read again. A person's tags are never touched.
-- Nothing is saved of a version that must stand aside. With the last row that an encoder lacked it begins to serve.
declare
  at timestamptz := (p->>'now')::timestamptz;
  paused boolean;
  saved uuid[];
begin
  select g.paused_at is not null into paused from tagging g for update;
  if not exists (select from encoders e where e.encoder = p->>'encoder')
    or exists (select from tagging g where g.encoder is null) then
    perform touchpoint.start_version(p->>'encoder', p->>'taxonomy', at);
  elsif touchpoint.stands_aside(p->>'encoder', p->>'taxonomy', at) then
    return jsonb_build_object('saved', 0, 'paused', paused, 'aside', true);
  end if;
  saved := touchpoint.save_vectors(coalesce(p->'rows', '[]'), p - 'rows',
    (select e.slot from encoders e where e.encoder = p->>'encoder'));
  delete from tags where touchpoint = any(saved) and origin <> 'person';
  insert into tags (touchpoint, task, label, score, origin, version)
  select (r->>'id')::uuid, g->>'task', g->>'label', (g->>'score')::real, 'model', p->>'taxonomy'
  from jsonb_array_elements(coalesce(p->'rows', '[]')) r, jsonb_array_elements(r->'tags') g
  where (r->>'id')::uuid = any(saved);
  update touchpoints t set attempts = t.attempts + 1, tag_error = f.error
  from jsonb_to_recordset(coalesce(p->'failed', '[]')) as f(id uuid, error text)
  where t.id = f.id;
  perform touchpoint.finish_version(at, coalesce((p->>'attempts')::int, 3));
  return jsonb_build_object('saved', cardinality(saved), 'paused', paused, 'aside', false);
end
$$;

create function touchpoint.versions() returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- How the versions stand: who serves, who is building and how far, who stands aside, and whether tagging is paused.
  select jsonb_build_object(
    'serving', (select encoder from encoders where state = 'serving'),
    'building', (select jsonb_build_object('encoder', e.encoder, 'started_at', e.started_at,
      'done', l.total - touchpoint.lacking(e.encoder, null), 'total', l.total)
      from encoders e, (select count(*) as total from touchpoints where deleted_at is null) l where e.state = 'building'),
    'taxonomy', g.taxonomy,
    'paused', g.paused_at is not null,
    'aside', case when g.aside_at is not null then
      jsonb_build_object('encoder', g.aside_encoder, 'taxonomy', g.aside_taxonomy, 'at', g.aside_at) end)
  from tagging g
$$;

create or replace function public.touchpoint_status(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {encoder?, taxonomy?} -> counts by kind, backlog (of the version asked for, else of the one that is to be everywhere),
-- how versions stand, feeds with their lag, mailboxes, the last run, and
-- how changes are told: state active or renew (by notification), or polling, with the reason and the next try.
  select jsonb_build_object(
    'touchpoints', (select coalesce(jsonb_object_agg(kind, n), '{}') from (
      select kind, count(*) n from touchpoints where deleted_at is null group by kind) k),
    'deleted', (select count(*) from touchpoints where deleted_at is not null),
    'embedded', (select count(*) from touchpoints t, touchpoint.serving() s
      where t.deleted_at is null and case s.slot when 'a' then t.encoder else t.encoder_b end = s.encoder),
    'untagged', (select touchpoint.lacking(coalesce(p->>'encoder', g.encoder), coalesce(p->>'taxonomy', g.taxonomy))
      from tagging g),
    'versions', touchpoint.versions(),
    'tag_failures', (select count(*) from touchpoints where deleted_at is null and tag_error is not null),
    'with_client', (select count(*) from touchpoints where deleted_at is null and client is not null),
    'copies', (select count(*) from copies),
    'feeds', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', mailbox, 'kind', kind, 'name', name,
      'last_success_at', last_success_at, 'last_error', last_error, 'last_error_at', last_error_at,
      'round', round, 'complete', delta_link is not null) order by mailbox, kind, name), '[]') from feeds),
    'mailboxes', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', address, 'state', state,
      'reason', state_reason, 'since', state_since, 'failures', failures, 'retry_at', retry_at,
      'refusals', (select coalesce(jsonb_agg(to_jsonb(r) - 'mailbox' order by r.kind), '[]')
        from mailbox_refusals r where r.mailbox = address)) order by address), '[]') from mailboxes),
    'subscriptions', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', mailbox, 'kind', kind,
      'state', coalesce(s.state, 'polling'), 'expires_at', s.expires_at, 'reason', r.reason, 'retry_at', r.retry_at)
      order by mailbox, kind), '[]') from subscriptions s full join subscription_refusals r using (mailbox, kind)),
    'last_run', (select to_jsonb(r) from runs r order by id desc limit 1))
$$;

create or replace function public.touchpoint_export(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {kinds?, since?, deleted?, after?: id, limit} -> [{cursor: id, ...}], by id. embedded: by the encoder that serves.
  select coalesce(jsonb_agg(to_jsonb(r) order by r.cursor), '[]') from (
    select t.id as cursor, t.source_key as id, t.kind, t.source_key, c.name as client, t.client_method,
      t.client_confidence, t.occurred_at, t.ends_at, t.all_day, t.time_zone, t.title, t.body as text, t.people, t.details,
      (select coalesce(jsonb_agg(jsonb_build_object('mailbox', k.mailbox, 'graph_id', k.graph_id)
        order by k.mailbox, k.graph_id), '[]') from copies k where k.touchpoint = t.id) as copies,
      touchpoint.tags_of(t.id) as tags, t.uncertain, coalesce(case s.slot when 'a' then t.encoder else t.encoder_b end = s.encoder, false) as embedded,
      t.deleted_at is not null as deleted
    from touchpoints t cross join touchpoint.serving() s left join clients c on c.id = t.client
    where (coalesce((p->>'deleted')::boolean, false) or t.deleted_at is null)
      and (p->'kinds' is null or t.kind in (select jsonb_array_elements_text(p->'kinds')))
      and (p->>'since' is null or t.occurred_at >= (p->>'since')::timestamptz)
      and (p->>'after' is null or t.id > (p->>'after')::uuid)
    order by t.id
    limit (p->>'limit')::int
  ) r
$$;

create or replace function public.touchpoint_forget(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {now, dry_run?, erase: [touchpoint id], redact: [{id, was: content hash, title, body, people, details, content_hash,
--  text_hash}], mailbox?: address, client?: id, address?: for the log of runs}
-- -> {touchpoints, copies, tags, redacted, mailboxes, feeds, subscriptions, skips, clients, names, domains}
-- Everything in one transaction; soft-deleted rows like the others. A redacted row is embedded and tagged anew.
-- SQLSTATE PT409 when a row is no longer what was read: read again.
declare
  ids uuid[] := array(select jsonb_array_elements_text(coalesce(p->'erase', '[]'))::uuid);
  only_client uuid := (p->>'client')::uuid;
  -- imports have no mailbox: an empty one must not mean all of them
  box text := nullif(p->>'mailbox', '');
  left_behind jsonb;
  affected uuid[];
  redacted int;
  report jsonb;
begin
  perform from privacy for update;
  if only_client is not null then
    ids := ids || array(select id from touchpoints where client = only_client);
  end if;
  left_behind := touchpoint.left_of(box);
  report := jsonb_build_object(
    'touchpoints', (select count(*) from touchpoints where id = any(ids)) + (left_behind->>'touchpoints')::int,
    'copies', (select count(*) from copies where touchpoint = any(ids)) + (left_behind->>'copies')::int,
    'tags', (select count(*) from tags where touchpoint = any(ids)),
    'redacted', jsonb_array_length(coalesce(p->'redact', '[]')),
    'clients', (select count(*) from clients where id = only_client),
    'names', (select count(*) from client_names where client = only_client),
    'domains', (select count(*) from client_domains where client = only_client)
  ) || (left_behind - 'touchpoints' - 'copies');
  if coalesce((p->>'dry_run')::boolean, false) then
    return report;
  end if;

  perform from touchpoints t
  where t.id = any(ids) or t.id in (select (r->>'id')::uuid from jsonb_array_elements(coalesce(p->'redact', '[]')) r)
  order by t.kind, t.source_key for update;
  update touchpoints t set
    title = r.title, body = r.body, people = r.people, details = r.details, content_hash = r.content_hash,
    text_hash = r.text_hash, embedding = null, encoder = null, embedding_b = null, encoder_b = null, tagged_by = null,
    tagged_hash = null, tagged_at = null, attempts = 0, tag_error = null, updated_at = (p->>'now')::timestamptz
  from jsonb_to_recordset(coalesce(p->'redact', '[]')) as r(id uuid, was text, title text, body text, people jsonb,
    details jsonb, content_hash text, text_hash text)
  where t.id = r.id and t.content_hash = r.was;
  get diagnostics redacted = row_count;
  if redacted <> (report->>'redacted')::int then
    raise exception 'a touchpoint changed while it was being forgotten' using errcode = 'PT409';
  end if;
  delete from touchpoints where id = any(ids);
  delete from clients where id = only_client;
  if box is not null then
    affected := array(select touchpoint from copies where mailbox = box
      union select id from touchpoints where source_mailbox = box);
    delete from copies where mailbox = box;
    delete from skips where mailbox = box;
    delete from mailboxes where address = box;
    perform touchpoint.delete_orphans(affected, true, (p->>'now')::timestamptz);
    update touchpoints set source_mailbox = null, source_graph_id = null where source_mailbox = box;
  end if;
  update runs set errors = (
    select coalesce(jsonb_agg(e), '[]') from jsonb_array_elements(errors) e where strpos(e::text, p->>'address') = 0)
  where strpos(errors::text, p->>'address') > 0;
  return report;
end
$$;

select touchpoint.seal();
