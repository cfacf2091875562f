-- What operating it needs: a look at a feed that finds nothing is one small write without a lease; how fast tags are made.

create function public.touchpoint_feed_idle(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {feed, expect, delta_link, now} -> {moved}. The cursor of an empty page that ends a round of changes.
-- Moved only when all is as it was when the feed was looked at: nobody holds it, the cursor's version is the expected one,
-- no walk is in progress, and no copy is in doubt. Whoever hears false walks the feed under a lease.
-- A mark stays: what it speaks of may have come after the look.
begin
  update feeds f
  set cursor_version = f.cursor_version + 1,
      delta_link = p->>'delta_link',
      last_success_at = (p->>'now')::timestamptz,
      lease_owner = null,
      lease_until = null,
      last_error = null,
      last_error_at = null
  where f.id = (p->>'feed')::bigint
    and f.cursor_version = (p->>'expect')::bigint
    and f.next_link is null and f.delta_link is not null
    and (f.lease_owner is null or f.lease_until < clock_timestamp())
    and not exists (select from copies c where c.feed = f.id and c.doubted);
  return jsonb_build_object('moved', found);
end
$$;

create function public.touchpoint_tag_rate(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {now} -> {hour, day, waiting_since}. Touchpoints tagged within the last hour and day, and since when the one that waits
-- longest for its first tags has been stored; null when none does.
  select jsonb_build_object(
    'hour', count(*) filter (where tagged_at > (p->>'now')::timestamptz - interval '1 hour'),
    'day', count(*) filter (where tagged_at > (p->>'now')::timestamptz - interval '1 day'),
    'waiting_since', min(created_at) filter (where tagged_at is null and deleted_at is null))
  from touchpoints
$$;

select touchpoint.seal();
