-- A filter that keeps much is told by the planner's guess, instead of by reading rows until there are too many.

create function touchpoint.rows_guessed(filter text) returns float8
language plpgsql volatile security invoker set search_path = touchpoint, pg_temp as $$
-- How many of `touchpoints t` the planner expects to pass. Volatile, because nothing else may explain; it changes nothing.
declare
  plan json;
begin
  execute 'explain (format json) select from touchpoints t where ' || filter into plan;
  return plan->0->'Plan'->>'Plan Rows';
end
$$;

create or replace function touchpoint.sifted(p jsonb, out filter text, out few tid[])
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
  -- a guess may be wrong by some; one that is wrong by more costs time, and no answers
  if touchpoint.rows_guessed(filter) > 2 * most then
    return;
  end if;
  execute format('select array(select t.ctid from touchpoints t where %s limit %s)', filter, most + 1) into few;
  if cardinality(few) > most then
    few := null;
  else
    filter := 't.ctid = any ($2)';
  end if;
end
$$;

select touchpoint.seal();
