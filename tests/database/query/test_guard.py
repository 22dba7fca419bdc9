"""What the guard stops, and what holds where it is got around."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kn_assets.database.functions import FUNCTIONS
from kn_assets.database.query import QueryFailed, QueryRefused, run
from kn_assets.lake import Lake

WRITES = [
    "COPY (SELECT 1) TO '{spot}'",
    "COPY neurons TO '{spot}'",
    "WITH x AS (COPY (SELECT 1) TO '{spot}') SELECT 1",
    "WITH x AS (COPY neurons TO '{spot}') FROM x",
    "SELECT * FROM (COPY (SELECT 1) TO '{spot}')",
    "EXPLAIN COPY (SELECT 1) TO '{spot}'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{spot}'",
    "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN EXPLAIN ANALYZE COPY (SELECT 1) TO '{spot}'",
    "FROM json_execute_serialized_sql(json_serialize_sql('COPY (SELECT 1) TO ''{spot}'''))",
    "SELECT json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "FROM query('COPY (SELECT 1) TO ''{spot}''')",
    "FROM query('SELECT 1')",
    "FROM query_table('neurons')",
    "SELECT 1; COPY (SELECT 1) TO '{spot}'",
    "SELECT 1; SELECT 2",
    "SELECT 1) TO '{spot}' --",
    "SELECT 1); COPY (SELECT 1) TO '{spot}'; --",
    "SELECT 1) ; COPY (SELECT 1 ) TO '{spot}' --",
    "SELECT 1) WHERE EXISTS (SELECT 1",
    "SELECT 1), (SELECT 2",
    "SELECT 1) UNION ALL (SELECT 2",
    "SELECT 1) LIMIT 5 --",
    "SELECT 1 /*",
    "EXPORT DATABASE '{spot}'",
    "ATTACH '{spot}' AS other",
    "DETACH memory",
    "USE lake",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{spot}'",
    "SET threads = 1",
    "RESET memory_limit",
    "SET lock_configuration = false",
    "SET VARIABLE x = 1",
    "PRAGMA version",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "CREATE TABLE t AS SELECT 1",
    "CREATE TEMP TABLE neurons AS SELECT 1",
    "CREATE TEMP VIEW neurons AS SELECT 1",
    "CREATE MACRO heatmap() AS TABLE SELECT 1",
    "CREATE SECRET (TYPE s3)",
    "DROP VIEW neurons",
    "ALTER VIEW neurons RENAME TO x",
    "COMMENT ON VIEW neurons IS 'x'",
    "INSERT INTO neurons SELECT 1",
    "WITH x AS (INSERT INTO neurons SELECT 1 RETURNING *) FROM x",
    "WITH x AS (DELETE FROM neurons RETURNING *) FROM x",
    "UPDATE neurons SET layer = 1",
    "DELETE FROM neurons",
    "PREPARE x AS SELECT 1",
    "EXECUTE x",
    "SELECT ?",
    "SELECT $1",
    "SELECT write_log('x')",
]


@pytest.mark.parametrize("place", ["outside", "inside"])
@pytest.mark.parametrize("sql", WRITES)
def test_nothing_is_written(
    atlas: Lake,
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    unchanged: None,
    sql: str,
    place: str,
) -> None:
    folder = tmp_path if place == "outside" else atlas.root / "atlas"
    spot = folder / "written.csv"
    with pytest.raises((QueryRefused, QueryFailed)):
        run(connection, sql.format(spot=spot))
    assert not spot.exists() and not list(tmp_path.iterdir())


READS = [
    "FROM '/etc/passwd'",
    'FROM "/etc/passwd"',
    "SELECT * FROM neurons, '/etc/passwd'",
    "DESCRIBE '/etc/passwd'",
    "SUMMARIZE '/etc/passwd'",
    "FROM read_text('/etc/passwd')",
    "FROM read_blob('/etc/passwd')",
    "FROM read_csv('/etc/passwd', columns = {{'x': 'VARCHAR'}}, sep = '~')",
    "FROM system.main.read_csv('/etc/passwd')",
    "FROM read_csv_auto('/etc/passwd')",
    "FROM read_json('/etc/passwd')",
    "FROM sniff_csv('/etc/passwd')",
    "FROM glob('/etc/*')",
    "SELECT * FROM (SELECT 1), LATERAL (FROM glob('/*'))",
    "SELECT (SELECT count(*) FROM read_text('/etc/passwd'))",
    "WITH x AS (FROM read_text('/etc/passwd')) FROM x",
    'WITH "/etc/passwd" AS (SELECT 1) FROM "/etc/passwd"',
    "FROM '{parquet}'",
    "FROM read_parquet('{parquet}')",
    "FROM parquet_scan('{parquet}')",
    "FROM parquet_metadata('{parquet}')",
    "FROM parquet_kv_metadata('{parquet}')",
    "FROM read_text('{note}')",
    "FROM read_json('{note}')",
    "FROM glob('{folder}/**')",
    'WITH "{parquet}" AS (SELECT 1) SELECT 1 WHERE EXISTS (FROM "{parquet}")',
    "FROM read_duckdb('{folder}/kn.duckdb')",
    "SELECT getenv('HOME')",
    "SELECT current_setting('secret_directory')",
    "SELECT getvariable('x')",
    "FROM duckdb_settings()",
    "FROM duckdb_secrets()",
    "FROM duckdb_views()",
    "FROM duckdb_functions()",
    "FROM pragma_database_list",
    "FROM pragma_version()",
    "FROM which_secret('s3://x', 's3')",
    "FROM lake.neurons",
    "FROM memory.main.neurons",
    "FROM system.information_schema.tables",
    "FROM information_schema.schemata",
    "FROM pg_catalog.pg_class",
    "FROM sqlite_master",
    "FROM duckdb_logs",
    "FROM test_all_types()",
    "FROM seq_scan('neurons')",
    "FROM python_map_function()",
    "FROM pandas_scan(1)",
    "FROM arrow_scan(1, 2, 3)",
    "SHOW DATABASES",
    "SELECT sleep_ms(10000)",
    "SELECT pg_sleep(10)",
    "SELECT json_serialize_plan('SELECT 1')",
    "SELECT setseed(0.5)",
    "SELECT nextval('x')",
    "SELECT max(pg_get_viewdef(i)) FROM range(20000, 24000) t(i)",
    "SELECT current_query(), version(), txid_current()",
    "SELECT write_log('x'), stats(1), vector_type(1)",
    "SELECT b.* FROM (WITH pg_settings AS (SELECT 1) FROM pg_settings) a, pg_settings b",
    "WITH pg_views AS (SELECT * FROM pg_views) FROM pg_views",
    "WITH RECURSIVE duckdb_views AS (SELECT 1 UNION FROM duckdb_views) FROM duckdb_views",
    "SELECT * FROM (WITH Sqlite_Master AS (SELECT 1) SELECT 1) a, SQLITE_MASTER",
    "WITH duckdb_logs(a) AS MATERIALIZED (SELECT 1) FROM duckdb_logs",
    "FROM local_variable",
    "FROM neurons AT (VERSION => 1)",
]


@pytest.mark.parametrize("sql", READS)
def test_nothing_but_the_atlas_is_read(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, sql: str
) -> None:
    local_variable = "what a caller's Python holds is no table"
    folder = atlas.root / "atlas/model=tiny"
    sql = sql.format(
        folder=folder,
        parquet=folder / "neurons/part-0.parquet",
        note=folder / "neurons/_table.json",
    )
    with pytest.raises(QueryRefused):
        run(connection, sql)
    assert local_variable


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("", "empty"),
        (" ; ", "empty"),
        ("SELECT 1\x00", "null character"),
        ("SELECT '" + "x" * 30_000 + "'", "longer than"),
        ("SELECT " + "[" * 900 + "1" + "]" * 900, "deep"),
        ("FROM nothing_of_the_sort", "SHOW TABLES"),
        ("FROM read_text('x')", "macros"),
        ("WITH pg_class AS (SELECT 1) FROM pg_class", "call the CTE something else"),
        ("SELECT lenght('x')", "did you mean length"),
    ],
)
def test_a_refusal_says_why(connection: duckdb.DuckDBPyConnection, sql: str, word: str) -> None:
    with pytest.raises(QueryRefused, match=word):
        run(connection, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_text('/etc/passwd')",
        "COPY (SELECT 1) TO '{outside}'",
        "ATTACH '{outside}' AS x",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET memory_limit = '100GB'",
        "SET temp_directory = '/tmp'",
        "SET lock_configuration = false",
        "FROM '{database}'",
    ],
)
def test_settings_alone_keep_the_database_inside_the_tables(
    built: Lake, connection: duckdb.DuckDBPyConnection, tmp_path: Path, sql: str
) -> None:
    assert built.database.exists()
    text = sql.format(outside=tmp_path / "out", database=built.database)
    with pytest.raises(duckdb.Error):
        connection.cursor().execute(text).fetchall()
    assert not list(tmp_path.iterdir())


def test_every_function_is_listed_or_left_out_on_purpose(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Of another release of DuckDB each new function is looked at before it may be called."""
    sql = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE database_name = 'system'"
    there = {name.lower() for (name,) in connection.execute(sql).fetchall()}
    known = {name for name in there if name in FUNCTIONS}
    assert not {n for n in known if n.startswith(("pg_", "duckdb_", "current_", "json_"))} - {
        *("pg_typeof", "pg_size_pretty", "current_date", "current_localtime"),
        *("current_localtimestamp", "json_array", "json_array_length", "json_contains"),
        *("json_deep_merge", "json_exists", "json_extract", "json_extract_path"),
        *("json_extract_path_text", "json_extract_string", "json_group_array"),
        *("json_group_object", "json_group_structure", "json_insert", "json_keys"),
        *("json_merge_patch", "json_merge_patch_diff", "json_normalize", "json_object"),
        *("json_pretty", "json_quote", "json_remove", "json_replace", "json_set"),
        *("json_strip_nulls", "json_structure", "json_transform", "json_transform_strict"),
        *("json_type", "json_valid", "json_value"),
    }
    asks = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE has_side_effects"
    state = {name for (name,) in connection.execute(asks).fetchall()} & FUNCTIONS
    assert state == {"error", "gen_random_uuid", "random", "uuid", "uuidv4", "uuidv7"}
