/* leat
summary:  What a dashboard begins with, of the last day, counted back from the organization's newest event
returns:  row
cache:    1m
*/
WITH clock AS MATERIALIZED (
    SELECT max(ts) AS newest FROM events WHERE organization_id = :tenant
)
SELECT (SELECT newest FROM clock)                                   AS as_of,
       count(*)                                                     AS events,
       count(DISTINCT src_ip)                                       AS sources,
       count(*) FILTER (WHERE severity = 'critical')                AS critical,
       (SELECT count(*) FROM incidents
         WHERE organization_id = :tenant AND status IN ('new', 'open', 'contained'))
                                                                    AS open_incidents,
       (SELECT count(*) FROM incidents
         WHERE organization_id = :tenant AND status IN ('new', 'open', 'contained') AND escalation_level >= 3)
                                                                    AS escalated_incidents
  FROM events
 WHERE organization_id = :tenant AND deleted_at IS NULL
   -- The moment's fraction is carried over by hand: SQLite's clock knows milliseconds only.
   AND ts > (SELECT strftime('%Y-%m-%dT%H:%M:%S', substr(newest, 1, 19), '-24 hours') || substr(newest, 20) FROM clock)
