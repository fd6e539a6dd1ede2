from __future__ import annotations

import pytest


@pytest.fixture
def run(client):
    def run(statement, *parameters, **more):
        if parameters:
            more["Parameters"] = list(parameters)
        return client.execute_statement(Statement=statement, **more).get("Items")

    return run


@pytest.fixture
def filled(make, run):
    make(range="at:N", indexes={"by-kind": ("kind:S",)})
    for at in range(1, 6):
        run(f"INSERT INTO things VALUE {{'id': 'a', 'at': {at}, 'kind': 'k{at % 2}', 'm': {{'x': [1, {at}]}}}}")
    run("INSERT INTO \"things\" VALUE {'id': ?, 'at': 1, 'tags': <<'x', 'y'>>, 'none': NULL}", {"S": "b"})


def ats(items):
    return [int(item["at"]["N"]) for item in items]


def test_all_kinds_of_values_are_inserted(filled, run):
    assert run("SELECT * FROM things WHERE id = 'b' AND at = 1") == [
        {"id": {"S": "b"}, "at": {"N": "1"}, "tags": {"SS": ["x", "y"]}, "none": {"NULL": True}}
    ]


def test_a_key_is_inserted_once(filled, client, refused):
    assert refused(client.execute_statement, Statement="INSERT INTO things VALUE {'id': 'a', 'at': 1}") == (
        "DuplicateItemException",
        "Duplicate primary key exists in table",
    )


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("id = 'a' AND at > 3", [4, 5]),
        ("id = 'a' AND at BETWEEN 2 AND 4", [2, 3, 4]),
        ("id = 'a' AND 3 >= at", [1, 2, 3]),
        ("id IN ['a', 'b'] AND at = 1", [1, 1]),
        ("kind = 'k1'", [1, 3, 5]),
        ("kind IS MISSING", [1]),
        ("none IS NULL", [1]),
        ("contains(tags, 'x')", [1]),
        ("begins_with(kind, 'k') AND NOT kind = 'k1'", [2, 4]),
        ("m.x[1] = 4", [4]),
        ("id = 'a' AND (at = 1 OR at = 5)", [1, 5]),
        ("size(m.x) = 2 AND at <> 2", [1, 3, 4, 5]),
        ("id = 'a' AND at IN (2, 3)", [2, 3]),
    ],
)
def test_conditions_choose_items(filled, run, where, expected):
    assert ats(run(f"SELECT * FROM things WHERE {where}")) == expected


def test_only_what_is_selected_comes(filled, run):
    assert run("SELECT kind, m.x FROM things WHERE id = 'a' AND at = 2") == [
        {"kind": {"S": "k0"}, "x": {"L": [{"N": "1"}, {"N": "2"}]}}
    ]


def test_items_are_ordered_by_the_sort_key(filled, run):
    assert ats(run("SELECT * FROM things WHERE id = 'a' ORDER BY at DESC")) == [5, 4, 3, 2, 1]


def test_an_index_is_read(filled, run):
    assert ats(run('SELECT * FROM "things"."by-kind" WHERE kind = ?', {"S": "k0"})) == [2, 4]


def test_reads_come_in_pages(filled, client):
    statement = "SELECT * FROM things WHERE id = 'a'"
    first = client.execute_statement(Statement=statement, Limit=3)
    assert ats(first["Items"]) == [1, 2, 3]
    second = client.execute_statement(Statement=statement, Limit=3, NextToken=first["NextToken"])
    assert ats(second["Items"]) == [4, 5]
    assert "NextToken" not in second


@pytest.mark.parametrize(
    ("returning", "expected"),
    [
        ("", []),
        ("RETURNING ALL OLD *", [{"id": {"S": "a"}, "at": {"N": "1"}, "n": {"N": "1"}, "v": {"S": "x"}}]),
        ("RETURNING MODIFIED OLD *", [{"n": {"N": "1"}, "v": {"S": "x"}}]),
        ("RETURNING MODIFIED NEW *", [{"n": {"N": "4"}}]),
        ("RETURNING ALL NEW *", [{"id": {"S": "a"}, "at": {"N": "1"}, "n": {"N": "4"}}]),
    ],
)
def test_an_update_returns_what_it_says(make, run, returning, expected):
    make(range="at:N")
    run("INSERT INTO things VALUE {'id': 'a', 'at': 1, 'n': 1, 'v': 'x'}")
    assert run(f"UPDATE things SET n = n + 3 REMOVE v WHERE id = 'a' AND at = 1 {returning}") == expected


def test_functions_change_lists_and_sets(filled, run):
    run("UPDATE things SET m.x = list_append(m.x, [9]) SET tags = set_add(tags, <<'z'>>) WHERE id = 'a' AND at = 1")
    run("UPDATE things SET tags = set_delete(tags, <<'x'>>) WHERE id = 'b' AND at = 1")
    assert run("SELECT m.x, tags FROM things WHERE id = 'a' AND at = 1") == [
        {"x": {"L": [{"N": "1"}, {"N": "1"}, {"N": "9"}]}, "tags": {"SS": ["z"]}}
    ]
    assert run("SELECT tags FROM things WHERE id = 'b' AND at = 1") == [{"tags": {"SS": ["y"]}}]


def test_an_update_makes_no_item(filled, client):
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.execute_statement(Statement="UPDATE things SET v = 1 WHERE id = 'no' AND at = 1")


def test_writes_need_the_whole_key(filled, client, refused):
    for statement in ("UPDATE things SET v = 1 WHERE id = 'a'", "DELETE FROM things WHERE at = 1"):
        assert refused(client.execute_statement, Statement=statement) == (
            "ValidationException",
            "Where clause does not contain a mandatory equality on all key attributes",
        )


def test_a_deleted_item_comes_back(filled, run, client):
    gone = run("DELETE FROM things WHERE id = 'b' AND at = 1 RETURNING ALL OLD *")
    assert gone[0]["tags"] == {"SS": ["x", "y"]}
    assert run("DELETE FROM things WHERE id = 'b' AND at = 1") == []
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        run("DELETE FROM things WHERE id = 'a' AND at = 1 AND kind = 'other'")


@pytest.mark.parametrize("statement", ["SELEC * FROM things", "SELECT * FROM", "SELECT * FROM things WHERE", "'"])
def test_what_is_no_statement_is_refused(filled, client, refused, statement):
    code, message = refused(client.execute_statement, Statement=statement)
    assert code == "ValidationException"
    assert message.startswith("Statement wasn't well formed, can't be processed")


def test_parameters_must_fit(filled, client, refused):
    assert refused(client.execute_statement, Statement="SELECT * FROM things WHERE id = ?") == (
        "ValidationException",
        "Number of parameters in request and statement don't match.",
    )


def test_statements_of_a_batch_fail_alone(filled, client):
    answer = client.batch_execute_statement(
        Statements=[
            {"Statement": "INSERT INTO things VALUE {'id': 'c', 'at': 1}"},
            {"Statement": "INSERT INTO things VALUE {'id': 'a', 'at': 1}"},
            {"Statement": "DELETE FROM things WHERE id = 'b' AND at = 1"},
        ]
    )
    assert answer["Responses"] == [
        {"TableName": "things"},
        {"TableName": "things", "Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}},
        {"TableName": "things"},
    ]
    reads = client.batch_execute_statement(
        Statements=[{"Statement": f"SELECT * FROM things WHERE id = '{name}' AND at = 1"} for name in "cb"]
    )
    assert reads["Responses"] == [
        {"TableName": "things", "Item": {"id": {"S": "c"}, "at": {"N": "1"}}},
        {"TableName": "things"},
    ]


def test_statements_of_a_transaction_fail_together(filled, client, run):
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.execute_transaction(
            TransactStatements=[
                {"Statement": "INSERT INTO things VALUE {'id': 'c', 'at': 1}"},
                {"Statement": "EXISTS(SELECT * FROM things WHERE id = 'a' AND at = 1 AND kind = 'other')"},
            ]
        )
    assert [each["Code"] for each in caught.value.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert run("SELECT * FROM things WHERE id = 'c'") == []
    answer = client.execute_transaction(
        TransactStatements=[
            {"Statement": "INSERT INTO things VALUE {'id': 'c', 'at': 1}"},
            {"Statement": "UPDATE things SET v = ? WHERE id = 'a' AND at = 1", "Parameters": [{"S": "x"}]},
        ]
    )
    assert answer["Responses"] == []
    assert run("SELECT v FROM things WHERE id = 'a' AND at = 1") == [{"v": {"S": "x"}}]
