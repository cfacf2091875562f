-- Which tags hold: a person's decision about a task replaces whatever the model or the fallback says of it.

create table touchpoint.settled (
  touchpoint uuid not null references touchpoint.touchpoints on delete cascade,
  task text not null,
  settled_at timestamptz not null,
  primary key (touchpoint, task)
);
comment on table touchpoint.settled is
  'A person decided this task of this touchpoint: their tags, which may be none at all, hold for good.';

create view touchpoint.current_tags with (security_invoker = true) as
select g.touchpoint, g.task, g.label, g.score, g.origin, g.version
from touchpoint.tags g
where (g.origin = 'person') = exists (
  select from touchpoint.settled s where s.touchpoint = g.touchpoint and s.task = g.task);
comment on view touchpoint.current_tags is
  'The tags that hold. Whoever filters, counts or publishes labels reads them here and not from tags.';

select touchpoint.seal();
