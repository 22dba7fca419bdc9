"""What the guard lets through, what it stops, and what holds where it is got around."""

import duckdb
import pytest

from kn_assets import database
from kn_assets.errors import KnError
from kn_assets.query import QueryFailed, QueryRefused, QueryTimeout, QueryTooBig, run


@pytest.mark.parametrize(
    "sql",
    [
        "FROM heatmap('tiny', 0)",
        "SELECT * FROM neurons;",
        "SELECT 1 -- a comment at the end",
        "SELECT 1 -- a comment; with a semicolon",
        "SELECT ';' AS \"a;b\" /* ; */",
        "  \n FROM main.neurons ORDER BY firing_rate DESC LIMIT 3 ;  ",
        "WITH busy AS (FROM neurons WHERE n_fired > 3) SELECT count(*) FROM busy",
        "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r WHERE x < 5) FROM r",
        "WITH a AS MATERIALIZED (SELECT 1 AS x) FROM a UNION ALL FROM a",
        "VALUES (1), (2)",
        "TABLE neurons",
        "DESCRIBE neurons",
        "DESCRIBE SELECT layer FROM neurons",
        "SUMMARIZE neurons",
        "SHOW TABLES",
        "SELECT * FROM range(3), generate_series(1, 2) AS g(x), unnest([1, 2]) AS u(y)",
        "SELECT * FROM information_schema.columns WHERE table_name = 'neurons'",
        "SELECT layer, rank() OVER (ORDER BY firing_rate) FROM neurons QUALIFY layer = 1",
        "SELECT list_transform([1, 2], lambda x: x + 1), [y FOR y IN [1, 2]]",
        "FROM tokens PIVOT (count(*) FOR position IN (0, 1) GROUP BY prompt_id)",
        "SELECT COLUMNS('n_.*') FROM neurons",
        "SELECT n.layer FROM neurons AS n SEMI JOIN neuron_peaks AS p USING (model, layer, neuron)",
        "SELECT layer FROM neurons WHERE neuron IN (SELECT neuron FROM neuron_peaks)",
        "FROM atlases, LATERAL (SELECT atlases.n_layers + 1)",
        "FROM neurons USING SAMPLE 3",
        "SELECT sum(n_fired) FILTER (layer > 0) FROM neurons GROUP BY ROLLUP (layer)",
        "EXPLAIN FROM neurons",
    ],
)
def test_reading_queries_are_answered(connection, sql):
    result = run(connection, sql)
    assert result.columns and len(result.columns) == len(result.types)
    assert result.table.num_rows > 0


def test_a_result_has_names_types_and_values(connection):
    result = run(connection, "SELECT 1 AS a, 'x' AS a, [1.5]::FLOAT[] AS b ORDER BY 1")
    assert result.columns == ["a", "a_1", "b"]
    assert result.types == ["INTEGER", "VARCHAR", "FLOAT[]"]
    assert result.rows == [(1, "x", [1.5])]
    assert not result.truncated and 0 <= result.seconds < 60


def test_order_holds_and_a_cut_is_said(connection):
    cut = run(connection, "SELECT * FROM range(10) ORDER BY range DESC", max_rows=3)
    assert cut.rows == [(9,), (8,), (7,)] and cut.truncated
    whole = run(connection, "SELECT * FROM range(3) ORDER BY range DESC", max_rows=3)
    assert whole.rows == [(2,), (1,), (0,)] and not whole.truncated


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
def test_nothing_is_written(atlas, connection, tmp_path, unchanged, sql, place):
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
    "FROM local_variable",
    "FROM neurons AT (VERSION => 1)",
]


@pytest.mark.parametrize("sql", READS)
def test_nothing_but_the_atlas_is_read(atlas, connection, sql):
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
    ],
)
def test_a_refusal_says_why(connection, sql, word):
    with pytest.raises(QueryRefused, match=word):
        run(connection, sql)


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("SELECT nothing FROM neurons", "nothing"),
        ("SELEC 1", "parse"),
        ("SELECT 'a'::INT", "Could not convert"),
        ("FROM heatmap('tiny')", "heatmap"),
        ("PIVOT neurons ON layer USING count(*)", "only queries"),
    ],
)
def test_a_wrong_query_is_told_what_is_wrong(connection, sql, word):
    with pytest.raises(QueryFailed, match=word):
        run(connection, sql)


def test_lines_of_a_message_are_those_of_the_query(connection):
    with pytest.raises(QueryFailed, match="LINE 2:"):
        run(connection, "SELECT\n  'x'::INT")


def test_all_errors_are_for_the_person_at_the_keyboard():
    for kind in (QueryRefused, QueryFailed, QueryTimeout, QueryTooBig):
        assert issubclass(kind, KnError)


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
def test_settings_alone_keep_the_database_inside_the_tables(atlas, connection, tmp_path, sql):
    database.build(atlas)
    text = sql.format(outside=tmp_path / "out", database=atlas.database)
    with pytest.raises(duckdb.Error):
        connection.cursor().execute(text).fetchall()
    assert not list(tmp_path.iterdir())
