/**
 * Hybrid search in the shape of Supabase's documentation ("Hybrid search"): two rankings with row_number(), joined in full and
 * fused by reciprocal rank. Its indexes are there; the window function ranks every row before the limit cuts.
 */
export const HYBRID_SEARCH = `
  create function baseline.hybrid_search(query_text text, query_embedding extensions.vector(384), match_count int,
    full_text_weight float = 1, semantic_weight float = 1, rrf_k int = 50)
  returns setof touchpoint.touchpoints language sql set search_path = touchpoint, extensions, pg_temp as $$
    with full_text as (
      select id, row_number() over (order by ts_rank_cd(words, websearch_to_tsquery('pg_catalog.english', query_text)) desc) as rank_ix
      from touchpoints where words @@ websearch_to_tsquery('pg_catalog.english', query_text)
      order by rank_ix limit least(match_count, 30) * 2
    ),
    semantic as (
      select id, row_number() over (order by embedding operator(extensions.<=>) query_embedding) as rank_ix
      from touchpoints order by rank_ix limit least(match_count, 30) * 2
    )
    select touchpoints.* from full_text full outer join semantic on full_text.id = semantic.id
      join touchpoints on coalesce(full_text.id, semantic.id) = touchpoints.id
    order by coalesce(1.0 / (rrf_k + full_text.rank_ix), 0.0) * full_text_weight
      + coalesce(1.0 / (rrf_k + semantic.rank_ix), 0.0) * semantic_weight desc
    limit least(match_count, 30)
  $$`;

/** Nothing but the distance to every row. */
export const EXACT_SCAN = `
  select source_key from touchpoint.touchpoints
  order by (embedding operator(extensions.<=>) $1::extensions.vector) + 0 limit 10`;
