-- Second opinions: what the local model was unsure of may be asked of a language model elsewhere, where that is switched
-- on. One answer per text and question is kept, so that nothing is paid for twice; budgets are counted here, so that
-- several daemons and restarts share them.

create table touchpoint.second_opinions (
  touchpoint uuid not null references touchpoint.touchpoints on delete cascade,
  task text not null check (length(task) between 1 and 100),
  text_hash text not null,
  version text not null,
  state text not null check (state in ('asked', 'answered', 'unsure', 'refused', 'unusable')),
  labels jsonb not null default '[]' check (jsonb_typeof(labels) = 'array'),
  claimed_by text,
  claimed_until timestamptz,
  said_at timestamptz,
  primary key (touchpoint, task),
  check ((state = 'asked') = (said_at is null))
);
comment on table touchpoint.second_opinions is
  'What the fallback said of one text and one question (version: of the question and of who is asked). asked: somebody is at it until claimed_until, and if that passed, nobody is. Holds labels and no text.';
comment on column touchpoint.second_opinions.labels is '[{label, score}], the primary first; none of them is an answer too.';

create table touchpoint.fallback_days (
  day date primary key,
  requests int not null default 0,
  failed_requests int not null default 0,
  asked int not null default 0,
  answered int not null default 0,
  unsure int not null default 0,
  refused int not null default 0,
  unusable int not null default 0,
  tokens_in bigint not null default 0,
  tokens_out bigint not null default 0,
  cost_micros bigint not null default 0,
  reserved_tokens bigint not null default 0 check (reserved_tokens >= 0),
  reserved_micros bigint not null default 0 check (reserved_micros >= 0),
  last_error text,
  last_error_at timestamptz,
  check (asked = answered + unsure + refused + unusable)
);
comment on table touchpoint.fallback_days is
  'What the fallback was asked and what it cost, by UTC day. Reserved: of requests that are under way, or were when a daemon was killed; it counts as spent. Micros: millionths of the currency that prices are given in.';

create function touchpoint.remote_tokens(title text, body text) returns bigint
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- Tokens that tagging this text remotely would take, roughly: four bytes a token, 2,000 bytes of text at most (the
-- fallback's own limit), and 250 for its share of the instructions and for the answer. octet_length reads no long text.
  select (least(octet_length(title) + octet_length(body), 2000) / 4 + 250)::bigint
$$;

create function touchpoint.put_opinion(rows jsonb) returns void
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- [{touchpoint, task, version, labels}]: these tags replace the model's, and the task is uncertain no more.
-- A person's tags stay. One row per touchpoint and task.
begin
  delete from tags g using jsonb_to_recordset(rows) as r(touchpoint uuid, task text)
  where g.touchpoint = r.touchpoint and g.task = r.task and g.origin <> 'person';
  insert into tags (touchpoint, task, label, score, origin, version)
  select r.touchpoint, r.task, l.label, l.score, 'fallback', r.version
  from jsonb_to_recordset(rows) as r(touchpoint uuid, task text, version text, labels jsonb),
    jsonb_to_recordset(r.labels) as l(label text, score real);
  update touchpoints t set uncertain = array(select u from unnest(t.uncertain) u where not u = any(r.tasks))
  from (select q.touchpoint, array_agg(q.task) as tasks
    from jsonb_to_recordset(rows) as q(touchpoint uuid, task text) group by q.touchpoint) r
  where t.id = r.touchpoint;
end
$$;

create function public.touchpoint_fallback_claim(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {now, owner, seconds, taxonomy, limit, tasks: {task: version of its question}, withhold_kinds: [kind],
--  withhold_labels: [{task, label}]}
-- -> {reused, rows: [{id, kind, title, body, text_hash, people, client_names: [name], tasks: [task]}]}, newest first.
-- Answers that are known already are put in place again (reused); what is left is claimed for `seconds`. Nothing is
-- claimed that a person decided, that waits for the tagger, whose kind is withheld, or that carries a withheld label;
-- nothing at all while tagging is paused.
declare
  at timestamptz := (p->>'now')::timestamptz;
  known jsonb;
  found jsonb;
begin
  -- every writer of tags does this first
  perform from tagging for update;
  if exists (select from tagging where paused_at is not null) then
    return jsonb_build_object('reused', 0, 'rows', '[]'::jsonb);
  end if;
  select coalesce(jsonb_agg(jsonb_build_object('touchpoint', o.touchpoint, 'task', o.task, 'version', o.version,
    'labels', o.labels)), '[]') into known
  from touchpoints t join second_opinions o on o.touchpoint = t.id and o.task = any(t.uncertain)
  where t.deleted_at is null and t.uncertain <> '{}' and t.tagged_hash = t.text_hash
    and o.state = 'answered' and o.text_hash = t.text_hash and o.version = p->'tasks'->>o.task
    and not exists (select from settled s where s.touchpoint = t.id and s.task = o.task);
  perform touchpoint.put_opinion(known);
  with open as (
    select t.id, array_agg(u.task order by u.task) as tasks
    from touchpoints t cross join lateral unnest(t.uncertain) u(task)
    where t.deleted_at is null and t.uncertain <> '{}' and t.tagged_hash = t.text_hash
      and t.taxonomy = p->>'taxonomy' and p->'tasks' ? u.task
      and not coalesce(p->'withhold_kinds' ? t.kind, false)
      and not exists (select from settled s where s.touchpoint = t.id and s.task = u.task)
      and not exists (select from second_opinions o where o.touchpoint = t.id and o.task = u.task
        and o.text_hash = t.text_hash and o.version = p->'tasks'->>u.task
        and (o.state <> 'asked' or o.claimed_until > at))
      and not exists (select from tags g
        join jsonb_to_recordset(coalesce(p->'withhold_labels', '[]')) as w(task text, label text)
          on w.task = g.task and w.label = g.label
        where g.touchpoint = t.id)
    group by t.id, t.occurred_at
    order by t.occurred_at desc nulls last, t.id
    limit (p->>'limit')::int
  ),
  claimed as (
    insert into second_opinions (touchpoint, task, text_hash, version, state, claimed_by, claimed_until)
    select t.id, u.task, t.text_hash, p->'tasks'->>u.task, 'asked', p->>'owner', at + make_interval(secs => (p->>'seconds')::int)
    from open o join touchpoints t on t.id = o.id cross join lateral unnest(o.tasks) u(task)
    on conflict (touchpoint, task) do update set text_hash = excluded.text_hash, version = excluded.version,
      state = 'asked', labels = '[]', said_at = null, claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
    returning touchpoint
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'kind', t.kind, 'title', t.title, 'body', t.body,
    'text_hash', t.text_hash, 'people', t.people, 'tasks', o.tasks,
    'client_names', (select coalesce(jsonb_agg(n.name order by n.name), '[]') from (
      select c.name from clients c where c.id = t.client
      union select a.name from client_names a where a.client = t.client) n))
    order by t.occurred_at desc nulls last, t.id), '[]') into found
  from open o join touchpoints t on t.id = o.id
  where exists (select from claimed c where c.touchpoint = t.id);
  return jsonb_build_object('reused', jsonb_array_length(known), 'rows', found);
end
$$;

create function public.touchpoint_fallback_reserve(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {day, tokens, micros, most_tokens?, most_micros?} -> {granted}: room in the day's budget for one more request. What is
-- reserved counts as spent until it is settled, so that daemons that ask at the same time cannot overdraw it together.
declare
  granted boolean;
begin
  insert into fallback_days (day) values ((p->>'day')::date) on conflict (day) do nothing;
  update fallback_days d set reserved_tokens = d.reserved_tokens + (p->>'tokens')::bigint,
    reserved_micros = d.reserved_micros + (p->>'micros')::bigint
  where d.day = (p->>'day')::date
    and (p->>'most_tokens' is null
      or d.tokens_in + d.tokens_out + d.reserved_tokens + (p->>'tokens')::bigint <= (p->>'most_tokens')::bigint)
    and (p->>'most_micros' is null
      or d.cost_micros + d.reserved_micros + (p->>'micros')::bigint <= (p->>'most_micros')::bigint)
  returning true into granted;
  return jsonb_build_object('granted', coalesce(granted, false));
end
$$;

create function public.touchpoint_fallback_settle(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {now, owner, day: of the reservation, reserved: {tokens, micros}, requests, failed_requests, tokens_in, tokens_out,
--  micros, error?, rows: [{touchpoint, task, text_hash, version, state, labels: [{label, score}]}],
--  released: [{touchpoint, task}]} -> {saved}
-- What came of a reservation: each row is a question that was put, whatever came of it; released ones were not answered
-- at all and may be asked again. Tags are written only where the text is still the one that was asked about, the task is
-- still uncertain, and no person has decided it meanwhile.
declare
  at timestamptz := (p->>'now')::timestamptz;
  saved jsonb;
begin
  perform from tagging for update;
  update fallback_days d set
    reserved_tokens = greatest(0, d.reserved_tokens - (p->'reserved'->>'tokens')::bigint),
    reserved_micros = greatest(0, d.reserved_micros - (p->'reserved'->>'micros')::bigint),
    requests = d.requests + (p->>'requests')::int, failed_requests = d.failed_requests + (p->>'failed_requests')::int,
    tokens_in = d.tokens_in + (p->>'tokens_in')::bigint, tokens_out = d.tokens_out + (p->>'tokens_out')::bigint,
    cost_micros = d.cost_micros + (p->>'micros')::bigint,
    asked = d.asked + n.asked, answered = d.answered + n.answered, unsure = d.unsure + n.unsure,
    refused = d.refused + n.refused, unusable = d.unusable + n.unusable,
    last_error = coalesce(p->>'error', d.last_error),
    last_error_at = case when p->>'error' is null then d.last_error_at else at end
  from (select count(*) as asked, count(*) filter (where r.state = 'answered') as answered,
      count(*) filter (where r.state = 'unsure') as unsure, count(*) filter (where r.state = 'refused') as refused,
      count(*) filter (where r.state = 'unusable') as unusable
    from jsonb_to_recordset(coalesce(p->'rows', '[]')) as r(state text)) n
  where d.day = (p->>'day')::date;
  update second_opinions o set state = r.state, labels = r.labels, said_at = at, claimed_by = null, claimed_until = null
  from jsonb_to_recordset(coalesce(p->'rows', '[]'))
    as r(touchpoint uuid, task text, text_hash text, version text, state text, labels jsonb)
  where o.touchpoint = r.touchpoint and o.task = r.task and o.text_hash = r.text_hash and o.version = r.version
    and o.state = 'asked';
  delete from second_opinions o
  using jsonb_to_recordset(coalesce(p->'released', '[]')) as r(touchpoint uuid, task text)
  where o.touchpoint = r.touchpoint and o.task = r.task and o.state = 'asked' and o.claimed_by = p->>'owner';
  select coalesce(jsonb_agg(to_jsonb(r) - 'text_hash' - 'state'), '[]') into saved
  from jsonb_to_recordset(coalesce(p->'rows', '[]'))
      as r(touchpoint uuid, task text, text_hash text, version text, state text, labels jsonb)
    join touchpoints t on t.id = r.touchpoint
  where r.state = 'answered' and t.text_hash = r.text_hash and t.tagged_hash = r.text_hash and r.task = any(t.uncertain)
    and not exists (select from settled s where s.touchpoint = r.touchpoint and s.task = r.task);
  perform touchpoint.put_opinion(saved);
  return jsonb_build_object('saved', jsonb_array_length(saved));
end
$$;

create function public.touchpoint_fallback_status(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {day} -> {today, total: {requests, failed_requests, asked, answered, unsure, refused, unusable, tokens, micros},
--  reserved_tokens: of today, last_error, last_error_at, uncertain, tokens_saved}
-- tokens_saved: what the texts that never went there would have taken (touchpoint.remote_tokens), an estimate.
  with sums as (
    select d.day = (p->>'day')::date as today, jsonb_build_object('requests', sum(d.requests),
      'failed_requests', sum(d.failed_requests), 'asked', sum(d.asked), 'answered', sum(d.answered),
      'unsure', sum(d.unsure), 'refused', sum(d.refused), 'unusable', sum(d.unusable),
      'tokens', sum(d.tokens_in + d.tokens_out), 'micros', sum(d.cost_micros)) as counts
    from fallback_days d group by grouping sets ((d.day = (p->>'day')::date), ())
  ),
  nothing as (
    select jsonb_build_object('requests', 0, 'failed_requests', 0, 'asked', 0, 'answered', 0, 'unsure', 0, 'refused', 0,
      'unusable', 0, 'tokens', 0, 'micros', 0) as counts
  )
  select jsonb_build_object(
    'today', coalesce((select counts from sums where today), n.counts),
    'total', case when exists (select from fallback_days) then (select counts from sums where today is null) else n.counts end,
    'reserved_tokens', coalesce((select reserved_tokens from fallback_days where day = (p->>'day')::date), 0),
    'last_error', (select last_error from fallback_days where day = (p->>'day')::date),
    'last_error_at', (select last_error_at from fallback_days where day = (p->>'day')::date),
    'uncertain', (select coalesce(sum(cardinality(uncertain)), 0) from touchpoints
      where deleted_at is null and uncertain <> '{}'),
    'tokens_saved', (select coalesce(sum(touchpoint.remote_tokens(t.title, t.body)), 0) from touchpoints t
      where t.deleted_at is null and t.tagged_hash = t.text_hash
        and not exists (select from second_opinions o where o.touchpoint = t.id and o.said_at is not null)))
  from nothing n
$$;

select touchpoint.seal();
