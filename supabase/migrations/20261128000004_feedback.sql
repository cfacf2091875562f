-- What people say of labels: it holds at once and for good, and is kept for training.

create table touchpoint.classification_feedback (
  id bigint generated always as identity primary key,
  touchpoint uuid not null references touchpoint.touchpoints on delete cascade,
  task text not null check (length(task) between 1 and 100),
  verdict text not null check (verdict in ('labels', 'up', 'down', 'withdraw')),
  labels text[],
  label text,
  withdraws bigint references touchpoint.classification_feedback,
  shown text[] not null,
  model jsonb not null,
  encoder text,
  taxonomy text,
  text_hash text not null,
  said_by text check (length(said_by) <= 320),
  comment text check (length(comment) <= 4000),
  said_at timestamptz not null,
  check ((labels is not null) = (verdict in ('labels', 'up'))),
  check (label is not null or verdict <> 'down'),
  check ((withdraws is not null) = (verdict = 'withdraw'))
);
comment on table touchpoint.classification_feedback is
  'Every thumb and correction, append-only: rows go with their touchpoint alone, and only who said it and the comment can be erased.';
comment on column touchpoint.classification_feedback.labels is
  'labels: all that hold, the primary first, none at all too. up: those that were shown, which it confirms.';
comment on column touchpoint.classification_feedback.label is 'The label that a thumb was given to.';
comment on column touchpoint.classification_feedback.shown is 'Labels of the task that held just before, the primary first.';
comment on column touchpoint.classification_feedback.model is
  'What the model or the fallback had said of the task: [{label, score, origin, version}].';
create index feedback_touchpoint on touchpoint.classification_feedback (touchpoint, task, id);
create unique index feedback_withdrawn on touchpoint.classification_feedback (withdraws) where withdraws is not null;

create function touchpoint.keep_feedback() returns trigger
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- Nothing is rewritten. A row may only lose who said it and the comment, and goes when its touchpoint has gone.
begin
  if tg_op = 'UPDATE' then
    if to_jsonb(new) - '{said_by,comment}'::text[] = to_jsonb(old) - '{said_by,comment}'::text[]
       and (new.said_by is null or new.said_by = old.said_by) and (new.comment is null or new.comment = old.comment) then
      return new;
    end if;
  elsif not exists (select from touchpoints t where t.id = old.touchpoint) then
    return old;
  end if;
  raise exception 'feedback is append-only' using errcode = 'PT409';
end
$$;
create trigger keep_feedback before update or delete on touchpoint.classification_feedback
  for each row execute function touchpoint.keep_feedback();

create view touchpoint.holding_feedback with (security_invoker = true) as
select f.*
from touchpoint.classification_feedback f
where f.verdict <> 'withdraw'
  and not exists (select from touchpoint.classification_feedback w where w.withdraws = f.id)
  and not exists (
    select from touchpoint.classification_feedback later
    where later.touchpoint = f.touchpoint and later.task = f.task and later.id > f.id
      and later.verdict in ('labels', 'up')
      and not exists (select from touchpoint.classification_feedback w where w.withdraws = later.id));
comment on view touchpoint.holding_feedback is
  'What still holds of it: per touchpoint and task the last set of labels that was not withdrawn, and the thumbs down after it.';

create function touchpoint.apply_feedback(wanted uuid, asked text) returns void
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- Makes tags, settled and rejected say what the feedback on a task says. The first label scores 1, each one after it a
-- thousandth less: whoever orders by score finds the primary first.
begin
  delete from tags g where g.touchpoint = wanted and g.task = asked and g.origin = 'person';
  delete from settled s where s.touchpoint = wanted and s.task = asked;
  delete from rejected r where r.touchpoint = wanted and r.task = asked;
  insert into settled (touchpoint, task, settled_at)
  select f.touchpoint, f.task, f.said_at from holding_feedback f
  where f.touchpoint = wanted and f.task = asked and f.labels is not null;
  insert into tags (touchpoint, task, label, score, origin, version)
  select f.touchpoint, f.task, l.label, 1 - 0.001 * (l.place - 1), 'person', 'feedback ' || f.id
  from holding_feedback f cross join lateral unnest(f.labels) with ordinality l(label, place)
  where f.touchpoint = wanted and f.task = asked and f.labels is not null;
  insert into rejected (touchpoint, task, label)
  select distinct f.touchpoint, f.task, f.label from holding_feedback f
  where f.touchpoint = wanted and f.task = asked and f.verdict = 'down';
end
$$;

create function touchpoint.feedback_of(wanted uuid) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- [{id, task, verdict, labels, label, withdraws, shown, model, encoder, taxonomy, by, comment, at, holds}], oldest first.
  select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'task', f.task, 'verdict', f.verdict, 'labels', f.labels,
    'label', f.label, 'withdraws', f.withdraws, 'shown', f.shown, 'model', f.model, 'encoder', f.encoder,
    'taxonomy', f.taxonomy, 'by', f.said_by, 'comment', f.comment, 'at', f.said_at,
    'holds', exists (select from holding_feedback h where h.id = f.id)) order by f.id), '[]')
  from classification_feedback f where f.touchpoint = wanted
$$;

create function touchpoint.shown_labels(wanted uuid, asked text) returns text[]
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- Labels of a task that hold, in the order they are shown: the primary first.
  select array(select g.label from current_tags g where g.touchpoint = wanted and g.task = asked
    order by g.label = touchpoint.primary_label(wanted, asked) desc, g.score desc, g.label)
$$;

create function touchpoint.check_feedback(p jsonb, wanted uuid, shown text[]) returns void
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- SQLSTATE PT400 for what makes no sense, PT409 where the labels are no longer those that the person saw.
declare
  verdict text := p->>'verdict';
  labels text[] := touchpoint.texts_of(p, 'labels');
  seen text[] := touchpoint.texts_of(p, 'shown');
begin
  if coalesce(verdict, '') not in ('labels', 'up', 'down', 'withdraw') or coalesce(p->>'now', '') = ''
     or (labels is null) <> (verdict <> 'labels') or (p->>'label' is null and verdict = 'down')
     or (p->>'task' is null) <> (verdict = 'withdraw') or (p->>'withdraws' is null) <> (verdict <> 'withdraw') or p->>'withdraws' !~ '^[0-9]{1,18}$' then
    raise exception 'verdict: wants labels with labels, up, down with label, or withdraw with withdraws' using errcode = 'PT400';
  end if;
  if cardinality(labels) > 50 or cardinality(labels) <> (select count(distinct l) from unnest(labels) l)
     or exists (select from unnest(labels || array[p->>'label']) l where length(l) not between 1 and 200) then
    raise exception 'labels: wants at most 50 different ones' using errcode = 'PT400';
  end if;
  if seen <> shown or (verdict in ('up', 'down') and p->>'label' is not null and p->>'label' <> all(shown)) then
    raise exception 'the labels are no longer those that were seen' using errcode = 'PT409';
  end if;
  if verdict = 'withdraw' and not exists (select from classification_feedback f
      where f.id = (p->>'withdraws')::bigint and f.touchpoint = wanted and f.verdict <> 'withdraw') then
    raise exception 'there is no such feedback' using errcode = 'PT404';
  end if;
end
$$;

create function public.touchpoint_feedback_put(p jsonb) returns jsonb
language plpgsql volatile security invoker set search_path = touchpoint, pg_temp as $$
-- {id} or {kind, source_key}, with {now, verdict, task?, labels?: [label], label?, withdraws?: feedback id,
--  shown?: [label], by?, comment?, withhold?: [kind]}
-- -> {id: feedback id, touchpoint, task, labels: those that hold now, primary first, settled, uncertain: [task]}
-- verdict: labels  these hold, the primary first, and no others; none at all is an answer too
--          up      what is shown is right: it holds from now on, whatever a model says later
--          down    `label` does not hold: it is hidden for good; the task waits for a better answer unless it is settled
--          withdraw  takes back what was said before
-- The last word on a task wins; every word is kept. SQLSTATE PT404: no such touchpoint, its kind is withheld, or no such
-- feedback. PT409: the labels are no longer `shown`, or it was withdrawn already. PT400: it makes no sense.
declare
  wanted uuid := touchpoint.touchpoint_named(p);
  asked text := p->>'task';
  stood text[];
  written bigint;
begin
  -- whoever speaks of a touchpoint takes turns
  perform from touchpoints t where t.id = wanted and t.deleted_at is null for update;
  if not found then
    raise exception 'there is no such touchpoint' using errcode = 'PT404';
  end if;
  if p->>'verdict' = 'withdraw' and p->>'withdraws' ~ '^[0-9]{1,18}$' then
    asked := (select f.task from classification_feedback f where f.id = (p->>'withdraws')::bigint);
  end if;
  stood := touchpoint.shown_labels(wanted, asked);
  perform touchpoint.check_feedback(p, wanted, stood);
  insert into classification_feedback (touchpoint, task, verdict, labels, label, withdraws, shown, model, encoder,
    taxonomy, text_hash, said_by, comment, said_at)
  select t.id, asked, p->>'verdict',
    case p->>'verdict' when 'labels' then touchpoint.texts_of(p, 'labels') when 'up' then stood end,
    p->>'label', (p->>'withdraws')::bigint, stood,
    (select coalesce(jsonb_agg(jsonb_build_object('label', g.label, 'score', round(g.score::numeric, 4),
      'origin', g.origin, 'version', g.version) order by g.score desc, g.label), '[]')
      from tags g where g.touchpoint = t.id and g.task = asked and g.origin <> 'person'),
    t.encoder, t.taxonomy, t.text_hash, p->>'by', p->>'comment', (p->>'now')::timestamptz
  from touchpoints t where t.id = wanted
  on conflict (withdraws) where withdraws is not null do nothing
  returning id into written;
  if written is null then
    raise exception 'it was withdrawn already' using errcode = 'PT409';
  end if;
  perform touchpoint.apply_feedback(wanted, asked);
  return jsonb_build_object('id', written, 'touchpoint', wanted, 'task', asked,
    'labels', touchpoint.shown_labels(wanted, asked),
    'settled', exists (select from settled s where s.touchpoint = wanted and s.task = asked),
    'uncertain', (select touchpoint.uncertain_of(t.id, t.uncertain) from touchpoints t where t.id = wanted));
end
$$;

create function public.touchpoint_feedback_export(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {after?: feedback id, limit?: 500, withhold?: [kind], kinds?: [kind], all?: true}
-- -> [{id, touchpoint, kind, title, text, task, verdict, labels, label, at}], by id: what holds, for training.
-- With `all` everything that was ever said, also what was withdrawn or overtaken. Of deleted touchpoints nothing.
declare
  read_kinds text[] := touchpoint.kinds_of(p, '{meeting,email,action,nps,topic,knowledge,risk}');
  everything boolean := coalesce(touchpoint.flag_of(p, 'all'), false);
begin
  return (select coalesce(jsonb_agg(to_jsonb(r) order by r.id), '[]') from (
    select f.id, f.touchpoint, t.kind, t.title, t.body as text, f.task, f.verdict, f.labels, f.label, f.said_at as at
    from classification_feedback f join touchpoints t on t.id = f.touchpoint
    where t.deleted_at is null and t.kind = any(read_kinds)
      and (everything or exists (select from holding_feedback h where h.id = f.id))
      and f.id > coalesce((p->>'after')::bigint, 0)
    order by f.id limit touchpoint.limit_of(p, 500, 1000)) r);
end
$$;

create function public.touchpoint_feedback_people(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {after?: feedback id, limit} -> [{id, by, comment}], by id: what of the feedback can name somebody.
  select coalesce(jsonb_agg(to_jsonb(r) order by r.id), '[]') from (
    select f.id, f.said_by as by, f.comment from classification_feedback f
    where (f.said_by is not null or f.comment is not null) and f.id > coalesce((p->>'after')::bigint, 0)
    order by f.id limit (p->>'limit')::int) r
$$;

create function public.touchpoint_feedback_erase(p jsonb) returns jsonb
language plpgsql volatile security invoker set search_path = touchpoint, pg_temp as $$
-- {by: [feedback id], comments: [feedback id]} -> {erased: rows}. Who said it and comments, for good; what was said of the
-- labels stays.
declare
  erased int;
begin
  update classification_feedback f set
    said_by = case when to_jsonb(f.id) <@ (p->'by') then null else f.said_by end,
    comment = case when to_jsonb(f.id) <@ (p->'comments') then null else f.comment end
  where f.id in (select jsonb_array_elements_text((p->'by') || (p->'comments'))::bigint)
    and (f.said_by is not null or f.comment is not null);
  get diagnostics erased = row_count;
  return jsonb_build_object('erased', erased);
end
$$;

select touchpoint.seal();
