-- Which rows answer a set of needs, what waits behind them, and who is never counted: one statement, hence one
-- snapshot. A function, because PostgreSQL keeps its plan: to parse and plan this took longer than to run it. A plan
-- outlives what the tables held when it was made, so it must not scan a table that was empty then.
-- Returns null where nothing was committed since the snapshot `seen`: what is found is what was found then. The
-- function of four arguments stays for processes that were started before this one came.
CREATE FUNCTION rollups_find(workspace bigint, activity int, spans json, states json, seen text) RETURNS json
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$ DECLARE
    -- Another server, after a failover, gives transactions that were lost here numbers of theirs.
    snapshot text := extract(epoch FROM pg_postmaster_start_time()) || ' ' || pg_current_snapshot();
BEGIN
    -- A snapshot does not tell what its own transaction has written.
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        snapshot := NULL;
    ELSIF snapshot = seen THEN
        RETURN NULL;
    END IF;
    RETURN (
    WITH span AS MATERIALIZED (
        SELECT * FROM ROWS FROM (
            json_to_recordset(spans) AS (
                purpose text, series text, version int, grain text, start timestamptz, stop timestamptz
            )
        ) WITH ORDINALITY AS span (purpose, series, version, grain, start, stop, place)
    ), standing AS (
        SELECT * FROM ROWS FROM (
            json_to_recordset(states) AS (series text, version int, stop timestamptz)
        ) WITH ORDINALITY AS standing (series, version, stop, place)
    )
    SELECT json_build_object(
        'snapshot', snapshot,
        -- Rows never change: whoever has read those of these ids has no need to be told what they say.
        'rows', (
            SELECT json_agg(json_build_array(span.series, span.grain, row.starts, row.ids) ORDER BY span.place)
            FROM span CROSS JOIN LATERAL (
                SELECT json_agg(extract(epoch FROM start)::bigint ORDER BY start, id) AS starts,
                       json_agg(id ORDER BY start, id) AS ids
                FROM rollups_rollup
                WHERE workspace_id = workspace AND series = span.series AND version = span.version
                  AND grain = span.grain AND start >= span.start AND start < span.stop AND closed_xid IS NULL
            ) AS row
            WHERE span.purpose = 'read' AND row.ids IS NOT NULL
        ),
        -- Of a state all rows are read, so their ids say enough: the month's, and those of the days since.
        'states', (
            SELECT json_agg(json_build_array(standing.place, standing_rows.ids))
            FROM standing CROSS JOIN LATERAL (
                SELECT max(start) AS start FROM rollups_rollup
                WHERE workspace_id = workspace AND series = standing.series AND version = standing.version
                  AND grain = 'month' AND start <= standing.stop AND closed_xid IS NULL
            ) AS month CROSS JOIN LATERAL (
                SELECT json_agg(id) AS ids FROM (
                    SELECT id FROM rollups_rollup
                    WHERE workspace_id = workspace AND series = standing.series AND version = standing.version
                      AND grain = 'month' AND start = month.start AND closed_xid IS NULL
                    UNION ALL
                    SELECT id FROM rollups_rollup
                    WHERE workspace_id = workspace AND series = standing.series AND version = standing.version
                      AND grain = 'day' AND start >= coalesce(month.start, '-infinity') AND start < standing.stop
                      AND closed_xid IS NULL
                ) AS row
            ) AS standing_rows
            WHERE standing_rows.ids IS NOT NULL
        ),
        'waiting', (
            SELECT json_agg(json_build_array(
                span.series, span.grain, extract(epoch FROM marker.start)::bigint, marker.events, marker.since
            ) ORDER BY span.place, marker.start)
            FROM span CROSS JOIN LATERAL (
                SELECT start, sum(events) AS events, min(since) AS since FROM workspaces_marker
                WHERE workspace_id = workspace AND series = span.series AND version = span.version
                  AND grain = span.grain AND start >= span.start AND start < span.stop
                GROUP BY start
                OFFSET 0
            ) AS marker
            WHERE span.purpose = 'watch'
        ),
        'people', (
            SELECT json_agg(json_build_array(marker.series, marker.events, marker.since)) FROM (
                SELECT series, sum(events) AS events, min(since) AS since FROM workspaces_marker
                WHERE workspace_id = workspace AND start IS NULL GROUP BY series
            ) AS marker
        ),
        'begun', (
            SELECT min(start) FROM rollups_rollup
            WHERE workspace_id = workspace AND series = 'ACTIVITY' AND version = activity
              AND grain = 'day' AND closed_xid IS NULL
        ),
        'internal_users', (
            SELECT json_agg(counts_as) FROM audience_productuser WHERE workspace_id = workspace AND is_internal
        ),
        'internal_accounts', (
            SELECT json_agg(counts_as) FROM audience_account WHERE workspace_id = workspace AND is_internal
        ),
        'erased', (
            SELECT json_agg(counts_as) FROM audience_productuser
            WHERE workspace_id = workspace AND erased_at IS NOT NULL
        )
    ));
END $$;
