/* SPDX-License-Identifier: Apache-2.0 */
/* Every key of the configuration, and its defaults. A new key is a line here, a field in config.h, a line in
 * doc/configuration.md (a test compares), and its use.
 *
 * A line without a kind is a key of later work: it is refused as not built yet, never silently ignored. */
#include "config/walk.h"

#define FIELD(member) .offset = offsetof(struct config, member)
#define RESOURCE(member) .offset = offsetof(struct config_resource, member)
#define QUERY(member) .offset = offsetof(struct config_query, member)
#define FOREIGN(member) .offset = offsetof(struct config_foreign, member)
#define FUNCTION(member) .offset = offsetof(struct config_function, member)
#define AUTH(member) .offset = offsetof(struct config, auth.member)
#define CACHE(member) .offset = offsetof(struct config, cache.member)
#define POLICY(member) .offset = offsetof(struct cache_policy, member)
#define LIMIT(member) .offset = offsetof(struct config_limit, member)
#define PAGE(member) .offset = offsetof(struct page_policy, member)

/* A key of later work. */
#define NOT_YET(name_) \
    { \
        .name = (name_) \
    }

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define KIB (INT64_C(1) << 10)
#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)

/* Read before the file, by the same tables. */
const char config_defaults[] =
    "listen: 127.0.0.1:8080\n"
    "serve: {/api: plain}\n"
    "cors: []\n"
    "workers: auto\n"
    "database:\n"
    "  pool: {size: 20, overflow: 10, wait: 30s, recycle: 1h}\n"
    "  timeout: 30s\n"
    "  slow: [100ms, 1s, 5s, 10s]\n"
    "  prepared: on\n"
    "  gather: 64\n"
    "http:\n"
    "  head: 5s\n"
    "  idle: 30s\n"
    "  head_bytes: 16KiB\n"
    "  heads_bytes_total: 64MiB\n"
    "  body_bytes: 1GiB\n"
    "  connections: 20000\n"
    "  per_address: 2000\n"
    "  body_rate: 500B/s\n"
    "  read_rate: 500B/s\n"
    "body: {record_bytes: 1MiB, members: 1600}\n"
    "spool:\n"
    "  folder: ${TMPDIR:-/var/tmp}\n"
    "  bytes: 4GiB\n"
    "answers: {bytes_max: 4MiB, bytes_total: 256MiB, spool_bytes: 1GiB}\n"
    "batch: 100\n"
    "compress: 1000B\n"
    "idempotency: {table: leat_idempotency, keep: 24h, body_bytes: 64KiB}\n"
    "drain: {delay: 0s, idle: 1s, max: 30s}\n"
    "log: {level: info, sample: 1, slow: 500ms, sql: on}\n"
    "query: {params: 100, conditions: 100, in_values: 1000, order: 8, select: 200, depth: 8, value_bytes: 8KiB}\n"
    "auth: {role: anonymous, rights: leat, secret: auto, session: 1h, sessions: token}\n"
    "cache: {memory: 256MiB, warm: [], warm_top: 100, warm_rate: 50, api: none, api_memory: 64MiB, grace: 1m, errors: 1h, absent: 5s}\n"
    "limiter: {keys: 1000000}\n"
    "shed: {target: 5ms, interval: 100ms, least: auto}\n"
    "docs: on\n"
    "changes: off\n"
    "defaults:\n"
    "  read: none\n"
    "  write: none\n"
    "  page: {size: 100, max: 1000, by: cursor, total: 0s, export: 1000000}\n";

static const char *const page_by_words[] = {"cursor", "number", NULL};

static const struct key page_keys[] = {
    {"size", &kind_count, PAGE(size), .low = 1, .high = 100000},
    {"max", &kind_count, PAGE(max), .low = 1, .high = 100000},
    {"by", &kind_choice, PAGE(by), .choices = page_by_words},
    {"total", &kind_duration, PAGE(total_ttl_ms), .low = 0, .high = 7 * DAY},
    {"export", &kind_count, PAGE(export_max), .low = 1, .high = INT64_C(1000000000)},
    {0},
};
static const struct section section_page = {"page", page_keys};

static const struct key pool_keys[] = {
    {"size", &kind_count, FIELD(database.pool_size), .low = 1, .high = 10000},
    {"overflow", &kind_count, FIELD(database.pool_overflow), .low = 0, .high = 10000},
    {"wait", &kind_duration, FIELD(database.pool_wait_ms), .low = 1, .high = HOUR},
    {"recycle", &kind_duration, FIELD(database.pool_recycle_ms), .low = SECOND, .high = 7 * DAY},
    {0},
};
static const struct section section_pool = {"database.pool", pool_keys};

static const struct key database_keys[] = {
    {"url", &kind_url, FIELD(database.url)},
    {"pool", &kind_section, .section = &section_pool},
    {"timeout", &kind_duration, FIELD(database.timeout_ms), .low = 10, .high = DAY},
    {"slow", &kind_slow, FIELD(database.slow_ms)},
    {"prepared", &kind_switch, FIELD(database.prepared)},
    {"gather", &kind_count, FIELD(database.gather_max), .low = 2, .high = 256, .zero = "off"},
    NOT_YET("replicas"),
    {0},
};
const struct section section_database = {"database", database_keys};

static const struct key claims_keys[] = {
    {"user", &kind_column, AUTH(claims.user)},
    {"tenant", &kind_column, AUTH(claims.tenant)},
    {"role", &kind_column, AUTH(claims.role)},
    {0},
};
static const struct section section_claims = {"auth.claims", claims_keys};

static const struct key login_keys[] = {
    {"table", &kind_text, AUTH(login.table)},
    {"account", &kind_column, AUTH(login.account)},
    {"password", &kind_column, AUTH(login.password)},
    {"seen", &kind_column, AUTH(login.seen)},
    {0},
};
static const struct section section_login = {"auth.login", login_keys};

static const struct key foreign_claims_keys[] = {
    {"user", &kind_text, FOREIGN(claims.user)},
    {"tenant", &kind_text, FOREIGN(claims.tenant)},
    {"role", &kind_text, FOREIGN(claims.role)},
    {0},
};
static const struct section section_foreign_claims = {"auth.keys.claims", foreign_claims_keys};

static const struct key foreign_keys[] = {
    {"alg", &kind_alg, FOREIGN(alg)},
    {"jwks", &kind_key_file, FOREIGN(jwks)},
    {"secret", &kind_secret, FOREIGN(secret)},
    {"issuer", &kind_text, FOREIGN(issuer)},
    {"audience", &kind_text, FOREIGN(audience)},
    {"claims", &kind_section, .section = &section_foreign_claims},
    {0},
};
const struct section section_foreign = {"auth.keys", foreign_keys};

static const char *const sessions_words[] = {"token", "stored", NULL};
static const char *const rights_words[] = {"leat", "database", NULL};

static const struct key auth_keys[] = {
    {"roles", &kind_declared_roles, .offset = offsetof(struct config, auth)},
    {"role", &kind_role, AUTH(role)},
    {"claims", &kind_section, .section = &section_claims},
    {"tenant", &kind_column, AUTH(tenant)},
    {"rights", &kind_rights, .offset = offsetof(struct config, auth), .choices = rights_words},
    {"secret", &kind_secret, AUTH(secret), .zero = "auto"},
    {"login", &kind_section, .section = &section_login},
    {"session", &kind_duration, AUTH(session_ms), .low = SECOND, .high = 366 * DAY},
    {"sessions", &kind_choice, AUTH(sessions), .choices = sessions_words},
    {"keys", &kind_foreign, .offset = offsetof(struct config, auth)},
    {"audit", &kind_audit, AUTH(audit)},
    {0},
};
static const struct section section_auth = {"auth", auth_keys};

static const char *const window_words[] = {"bucket", "fixed", "sliding", NULL};
static const char *const on_words[] = {"request", "login.failed", NULL};

static const struct key limit_keys[] = {
    {"per", &kind_limit_per, LIMIT(per)},
    {"rate", &kind_limit_rate, LIMIT(rate)},
    {"burst", &kind_count, LIMIT(burst), .low = 1, .high = 1000000, .zero = "auto"},
    {"window", &kind_choice, LIMIT(window), .choices = window_words},
    {.name = "when", .kind = &kind_limit_when},
    {"on", &kind_choice, LIMIT(on), .choices = on_words},
    {.name = "tiers", .kind = &kind_limit_tiers},
    {"weight", &kind_count, LIMIT(weight), .low = 1, .high = LIMIT_WEIGHT_MAX},
    {"shadow", &kind_switch, LIMIT(shadow)},
    {"name", &kind_limit_name, LIMIT(name)},
    {0},
};
const struct section section_limit = {"limits", limit_keys};

static const struct key limiter_keys[] = {
    {"keys", &kind_count, FIELD(limiter.keys), .low = 1000, .high = 100000000},
    {0},
};
static const struct section section_limiter = {"limiter", limiter_keys};

static const struct key shed_keys[] = {
    {"target", &kind_duration, FIELD(shed.target_ms), .low = 1, .high = HOUR, .zero = "off"},
    {"interval", &kind_duration, FIELD(shed.interval_ms), .low = 10, .high = HOUR},
    {"least", &kind_count, FIELD(shed.least), .low = 1, .high = 1000000, .zero = "auto"},
    {0},
};
static const struct section section_shed = {"shed", shed_keys};

static const struct key http_keys[] = {
    {"head", &kind_duration, FIELD(http.head_ms), .low = 10, .high = HOUR},
    {"idle", &kind_duration, FIELD(http.idle_ms), .low = 10, .high = DAY},
    {"head_bytes", &kind_bytes, FIELD(http.head_bytes), .low = KIB, .high = MIB},
    {"heads_bytes_total", &kind_bytes, FIELD(http.heads_bytes_total), .low = 64 * KIB, .high = 64 * GIB},
    {"body_bytes", &kind_bytes, FIELD(http.body_bytes), .low = 0, .high = 1024 * GIB},
    {"connections", &kind_count, FIELD(http.connections), .low = 1, .high = 1000000},
    {"per_address", &kind_count, FIELD(http.per_address), .low = 1, .high = 1000000},
    {"body_rate", &kind_rate, FIELD(http.body_rate), .low = 0, .high = GIB},
    {"read_rate", &kind_rate, FIELD(http.read_rate), .low = 0, .high = GIB},
    {0},
};
static const struct section section_http = {"http", http_keys};

static const struct key body_keys[] = {
    {"record_bytes", &kind_small_bytes, FIELD(body.record_bytes), .low = KIB, .high = 64 * MIB},
    {"members", &kind_count, FIELD(body.members), .low = 1, .high = 1600},
    {0},
};
static const struct section section_body = {"body", body_keys};

static const struct key spool_keys[] = {
    {"folder", &kind_spool_folder, FIELD(spool.folder)},
    {"bytes", &kind_bytes, FIELD(spool.bytes), .low = 0, .high = 1024 * 1024 * GIB},
    {0},
};
static const struct section section_spool = {"spool", spool_keys};

static const struct key answers_keys[] = {
    {"bytes_max", &kind_bytes, FIELD(answers.bytes_max), .low = 64 * KIB, .high = GIB},
    {"bytes_total", &kind_bytes, FIELD(answers.bytes_total), .low = MIB, .high = 1024 * GIB},
    {"spool_bytes", &kind_bytes, FIELD(answers.spool_bytes), .low = MIB, .high = 1024 * GIB},
    {0},
};
static const struct section section_answers = {"answers", answers_keys};

static const struct key idempotency_keys[] = {
    {"table", &kind_text, FIELD(idempotency.table)},
    {"keep", &kind_duration, FIELD(idempotency.keep_ms), .low = SECOND, .high = 366 * DAY, .zero = "off"},
    {"body_bytes", &kind_bytes, FIELD(idempotency.body_bytes), .low = 0, .high = 64 * MIB},
    {0},
};
static const struct section section_idempotency = {"idempotency", idempotency_keys};

static const struct key drain_keys[] = {
    {"delay", &kind_duration, FIELD(drain.delay_ms), .low = 0, .high = HOUR},
    {"idle", &kind_duration, FIELD(drain.idle_ms), .low = 0, .high = HOUR},
    {"max", &kind_duration, FIELD(drain.max_ms), .low = 0, .high = DAY},
    {0},
};
static const struct section section_drain = {"drain", drain_keys};

static const struct key log_keys[] = {
    {"level", &kind_level, FIELD(log.level)},
    {"sample", &kind_count, FIELD(log.sample), .low = 0, .high = 1000000},
    {"slow", &kind_duration, FIELD(log.slow_ms), .low = 0, .high = HOUR},
    {"sql", &kind_switch, FIELD(log.sql)},
    {0},
};
static const struct section section_log = {"log", log_keys};

static const struct key url_keys[] = {
    {"params", &kind_count, FIELD(query.params), .low = 1, .high = 10000},
    {"conditions", &kind_count, FIELD(query.conditions), .low = 1, .high = 10000},
    {"in_values", &kind_count, FIELD(query.in_values), .low = 1, .high = 100000},
    {"order", &kind_count, FIELD(query.order), .low = 1, .high = 64},
    {"select", &kind_count, FIELD(query.select), .low = 1, .high = 1600},
    {"depth", &kind_count, FIELD(query.depth), .low = 1, .high = 32},
    {"value_bytes", &kind_small_bytes, FIELD(query.url_value_bytes), .low = 64, .high = 64 * KIB},
    {0},
};
static const struct section section_url = {"query", url_keys};

static const struct key cache_keys[] = {
    {"memory", &kind_cache_memory, CACHE(memory_bytes), .low = 0, .high = 1024 * GIB, .zero = "off"},
    {"warm", &kind_warm, CACHE(warm)},
    {"warm_top", &kind_count, CACHE(warm.top), .low = 0, .high = 1000},
    {"warm_rate", &kind_count, CACHE(warm.rate), .low = 1, .high = 10000},
    {"api", &kind_roles, CACHE(api)},
    {"api_memory", &kind_bytes, CACHE(api_memory_bytes), .low = MIB, .high = 1024 * GIB},
    {"grace", &kind_duration, CACHE(policy.grace_ms), .low = 0, .high = 7 * DAY},
    {"errors", &kind_duration, CACHE(policy.errors_ms), .low = 0, .high = 7 * DAY},
    {"absent", &kind_duration, CACHE(policy.absent_ms), .low = 0, .high = DAY},
    {0},
};
static const struct section section_cache = {"cache", cache_keys};

static const char *const writes_words[] = {"end", "through", NULL};
static const char *const share_words[] = {"auto", "role", "tenant", "user", NULL};

static const struct key cache_policy_keys[] = {
    {"list", &kind_duration, POLICY(list_ms), .low = 0, .high = 7 * DAY},
    {"row", &kind_duration, POLICY(row_ms), .low = 0, .high = 7 * DAY},
    {"grace", &kind_duration, POLICY(grace_ms), .low = 0, .high = 7 * DAY},
    {"errors", &kind_duration, POLICY(errors_ms), .low = 0, .high = 7 * DAY},
    {"absent", &kind_duration, POLICY(absent_ms), .low = 0, .high = DAY},
    {"client", &kind_duration, POLICY(client_ms), .low = 0, .high = 366 * DAY},
    {"shared", &kind_duration, POLICY(shared_ms), .low = 0, .high = 366 * DAY},
    {"share", &kind_choice, POLICY(share), .choices = share_words},
    {"writes", &kind_choice, POLICY(writes), .choices = writes_words},
    {"tags", &kind_tags, .offset = 0},
    {"local", &kind_names, POLICY(local)},
    {0},
};
const struct section section_cache_policy = {"the cache of a resource or query", cache_policy_keys};

static const struct key defaults_keys[] = {
    {"read", &kind_roles, FIELD(read)},
    {"write", &kind_roles, FIELD(write)},
    {"page", &kind_section, FIELD(page), .section = &section_page},
    {"cache", &kind_cache, CACHE(policy)},
    {"tenant", &kind_tenant, FIELD(tenant)},
    NOT_YET("limits"),
    {0},
};
static const struct section section_defaults = {"defaults", defaults_keys};

static const char *const put_words[] = {"replace", "merge", NULL};
static const char *const unfiltered_words[] = {"refused", "allowed", NULL};

static const struct key resource_keys[] = {
    {"as", &kind_as, RESOURCE(name)},
    {"table", &kind_text, RESOURCE(table)},
    {.name = "columns", .kind = &kind_columns},
    {"select", &kind_names, RESOURCE(select)},
    {"order", &kind_names, RESOURCE(order)},
    {"key", &kind_names, RESOURCE(key)},
    {.name = "any", .kind = &kind_any},
    {"read", &kind_roles, RESOURCE(read)},
    {"write", &kind_roles, RESOURCE(write)},
    {.name = "rows", .kind = &kind_rows},
    {"tenant", &kind_tenant, RESOURCE(tenant)},
    {.name = "set", .kind = &kind_set},
    {"put", &kind_either, RESOURCE(put_merges), .choices = put_words},
    {"unfiltered", &kind_either, RESOURCE(unfiltered), .choices = unfiltered_words},
    {"deleted", &kind_column, RESOURCE(deleted)},
    {"version", &kind_column, RESOURCE(version)},
    {"page", &kind_section, RESOURCE(page), .section = &section_page},
    {"envelope", &kind_envelope, RESOURCE(envelope)},
    {"cache", &kind_cache, RESOURCE(cache)},
    {"limits", &kind_limits, RESOURCE(limits)},
    {.name = "behind", .kind = &kind_behind},
    {"changes", &kind_tables, RESOURCE(changes)},
    NOT_YET("ingest"),
    NOT_YET("partitions"),
    {"signals", &kind_signal_names, RESOURCE(signals)},
    {0},
};
const struct section section_resource = {"resources.NAME", resource_keys};

static const struct key function_keys[] = {
    {"function", &kind_text, FUNCTION(function)},
    {"call", &kind_roles, FUNCTION(call)},
    {"tenant", &kind_text, FUNCTION(tenant)}, /* its argument */
    {"changes", &kind_tables, FUNCTION(changes)},
    {"limits", &kind_limits, FUNCTION(limits)},
    {0},
};
const struct section section_function = {"functions.NAME", function_keys};

static const char *const returns_words[] = {"rows", "row", "value", NULL};

static const char *const query_tenant_words[] = {"bound", "none", NULL};

/* The head of an .sql file. */
static const struct key query_keys[] = {
    {"summary", &kind_summary, QUERY(summary)},
    {.name = "params", .kind = &kind_params},
    {"returns", &kind_choice, QUERY(returns), .choices = returns_words},
    {"read", &kind_roles, QUERY(read)},
    {"write", &kind_roles, QUERY(write)},
    {"tenant", &kind_either, QUERY(of_all), .choices = query_tenant_words},
    {"order", &kind_names, QUERY(order)},
    {"page", &kind_section, QUERY(page), .section = &section_page},
    {"envelope", &kind_envelope, QUERY(envelope)},
    {"cache", &kind_cache, QUERY(cache)},
    {"limits", &kind_limits, QUERY(limits)},
    {"changes", &kind_tables, QUERY(changed)},
    NOT_YET("rows"),
    {"tables", &kind_tables, QUERY(tables)},
    {"signals", &kind_signal_names, QUERY(signals)},
    {0},
};
const struct section section_query = {"the head of a query", query_keys};

static const char *const changes_words[] = {"off", "listen", "triggers", "replication", NULL};

static const struct key root_keys[] = {
    {.name = "leat", .kind = &kind_version},
    {.name = "listen", .kind = &kind_listen},
    {"admin", &kind_address, FIELD(admin)},
    {.name = "serve", .kind = &kind_serve},
    {.name = "proxies", .kind = &kind_proxies},
    {.name = "cors", .kind = &kind_cors},
    {"workers", &kind_count, FIELD(workers), .low = 1, .high = WORKERS_MAX, .zero = "auto"},
    {"database", &kind_section, .section = &section_database},
    {"auth", &kind_section, .section = &section_auth},
    {"limits", &kind_limits, FIELD(limits)},
    {"limiter", &kind_section, .section = &section_limiter},
    {"shed", &kind_section, .section = &section_shed},
    {"redis", &kind_redis, FIELD(redis)},
    {"http", &kind_section, .section = &section_http},
    {"body", &kind_section, .section = &section_body},
    {"spool", &kind_section, .section = &section_spool},
    {"answers", &kind_section, .section = &section_answers},
    {"batch", &kind_count, FIELD(batch_requests_max), .low = 1, .high = 1000, .zero = "off"},
    {"compress", &kind_small_bytes, FIELD(compress_bytes_min), .low = 1, .high = GIB, .zero = "off"},
    {"idempotency", &kind_section, .section = &section_idempotency},
    {"drain", &kind_section, .section = &section_drain},
    {"log", &kind_section, .section = &section_log},
    {"query", &kind_section, .section = &section_url},
    {"cache", &kind_section, .section = &section_cache},
    {"defaults", &kind_section, .section = &section_defaults},
    {.name = "resources", .kind = &kind_resources},
    {"queries", &kind_folder, FIELD(queries_dir)},
    {.name = "functions", .kind = &kind_functions},
    {"state", &kind_state_folder, FIELD(state)},
    {.name = "upstream", .kind = &kind_upstreams},
    {"docs", &kind_switch, FIELD(docs)},
    {"changes", &kind_choice, CACHE(changes), .choices = changes_words},
    NOT_YET("ingest"),
    NOT_YET("jobs"),
    NOT_YET("partitions"),
    {"signals", &kind_signals, .offset = offsetof(struct config, cache)},
    NOT_YET("tls"),
    {0},
};
const struct section section_root = {"the configuration", root_keys};

const struct section *const sections_all[] = {
    &section_root,
    &section_database,
    &section_pool,
    &section_auth,
    &section_claims,
    &section_http,
    &section_body,
    &section_spool,
    &section_answers,
    &section_idempotency,
    &section_drain,
    &section_log,
    &section_url,
    &section_cache,
    &section_cache_policy,
    &section_defaults,
    &section_resource,
    &section_page,
    &section_query,
    &section_function,
    &section_limit,
    &section_limiter,
    &section_upstream,
    &section_breaker,
    &section_shed,
    &section_login,
    &section_foreign,
    &section_foreign_claims,
    &section_signal,
    &section_purge,
    NULL,
};
