from __future__ import annotations

import pytest

ITEM = {
    "id": {"S": "a"},
    "n": {"N": "5"},
    "s": {"S": "hello"},
    "b": {"B": b"\x01\x02"},
    "set": {"SS": ["x", "y"]},
    "list": {"L": [{"S": "zero"}, {"N": "1"}, {"M": {"deep": {"N": "7"}}}]},
    "map": {"M": {"k": {"S": "v"}, "n": {"N": "5.0"}}},
    "yes": {"BOOL": True},
}
VALUES = {
    ":five": {"N": "5"},
    ":four": {"N": "4"},
    ":six": {"N": "6.0"},
    ":he": {"S": "he"},
    ":x": {"S": "x"},
    ":set": {"SS": ["y", "x"]},
    ":seven": {"N": "7"},
    ":l": {"S": "L"},
    ":yes": {"BOOL": True},
}


@pytest.fixture
def table(client, make):
    make()
    client.put_item(TableName="things", Item=ITEM)


def used(text, values=VALUES):
    import re

    found = {name: values[name] for name in re.findall(r":\w+", text) if name in values}
    return {"ExpressionAttributeValues": found} if found else {}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("n = :five", True),
        ("n <> :five", False),
        ("n < :six AND n > :four", True),
        ("n >= :five AND n <= :five", True),
        ("n BETWEEN :four AND :six", True),
        ("n IN (:four, :six)", False),
        ("n IN (:four, :five)", True),
        ("NOT n = :five", False),
        ("NOT n = :four AND n = :five", True),
        ("n = :four OR n = :five AND s = :he", False),
        ("(n = :four OR n = :five) AND begins_with(s, :he)", True),
        ("s = :five", False),
        ("s <> :five", True),
        ("absent = :five", False),
        ("absent <> :five", True),
        ("absent < :five", False),
        ("attribute_exists(map.k) AND attribute_not_exists(map.z)", True),
        ("attribute_exists(list[2].deep)", True),
        ("list[2].deep = :seven", True),
        ("attribute_exists(list[9])", False),
        ("attribute_type(list, :l)", True),
        ("contains(#set, :x)", True),
        ("#set = :set", True),
        ("contains(s, :he)", True),
        ("contains(list, :four)", False),
        ("size(s) = :five", True),
        ("size(list) < :four", True),
        ("size(n) = :five", False),
        ("map.n = n", True),
        ("yes = :yes", True),
        ("n > :he", False),
    ],
)
def test_conditions_hold_as_dynamodb_s(client, table, condition, holds):
    condition = condition.replace("#set", "#t").replace("list", "#list").replace("map", "#map")
    names = {"#t": "set", "#list": "list", "#map": "map"}
    names = {alias: name for alias, name in names.items() if alias in condition}
    more = {"ExpressionAttributeNames": names} if names else {}
    found = client.scan(TableName="things", FilterExpression=condition, **used(condition), **more)
    assert (found["Count"] == 1) is holds
    assert found["ScannedCount"] == 1


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("", "The expression can not be empty;"),
        ("n = ", 'Syntax error; token: "<EOF>", near: "= "'),
        ("n = :five :six", 'Syntax error; token: ":six", near: ":five :six"'),
        ("n = :five)", 'Syntax error; token: ")", near: ":five)"'),
        ("name = :five", "Attribute name is a reserved keyword; reserved keyword: name"),
        (
            "#no = :five",
            "An expression attribute name used in the document path is not defined; attribute name: #no",
        ),
        ("n = :no", "An expression attribute value used in expression is not defined; attribute value: :no"),
        ("strange(n)", "Invalid function name; function: strange"),
        (
            "contains(n)",
            "Incorrect number of operands for operator or function; operator or function: contains, number of operands: 1",
        ),
        (
            "begins_with(s, :five)",
            "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
        ),
        (
            "attribute_exists(:five)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "n = n",
            "The first operand must be distinct from the remaining operands for this operator or function; operator: =, "
            "first operand: [n]",
        ),
        ("size(n)", "The function is not allowed to be used this way in an expression; function: size"),
        ("((n = :five))", "The expression has redundant parentheses;"),
        (
            "n BETWEEN :six AND :four",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: "
            "AttributeValue: {N:6}, upper bound operand: AttributeValue: {N:4}",
        ),
        ("n < :yes", "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"),
    ],
)
def test_conditions_that_are_wrong_are_told_so(client, table, refused, condition, message):
    code, text = refused(client.scan, TableName="things", FilterExpression=condition, **used(condition))
    assert (code, text) == ("ValidationException", f"Invalid FilterExpression: {message}")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"ExpressionAttributeNames": {"#a": "n", "#b": "s"}},
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}",
        ),
        (
            {"ExpressionAttributeNames": {"#a": "n"}, "ExpressionAttributeValues": {":x": {"S": "y"}}},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}",
        ),
        (
            {"ExpressionAttributeNames": {"a": "n"}},
            'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"',
        ),
    ],
)
def test_names_and_values_must_be_used(client, table, refused, more, message):
    code, text = refused(client.scan, TableName="things", FilterExpression="attribute_exists(#a)", **more)
    assert (code, text) == ("ValidationException", message)


def test_names_need_an_expression(client, table, refused):
    assert refused(client.scan, TableName="things", ExpressionAttributeNames={"#a": "b"}) == (
        "ValidationException",
        "ExpressionAttributeNames can only be specified when using expressions",
    )


UPDATE_VALUES = {
    **VALUES,
    ":one": {"N": "1"},
    ":items": {"L": [{"S": "new"}]},
    ":z": {"SS": ["z"]},
    ":xy": {"SS": ["x", "y"]},
}


@pytest.mark.parametrize(
    ("update", "attribute", "expected"),
    [
        ("SET n = n + :one", "n", {"N": "6"}),
        ("SET n = :one - n", "n", {"N": "-4"}),
        ("SET fresh = if_not_exists(fresh, :one) + :one", "fresh", {"N": "2"}),
        ("SET n = if_not_exists(n, :one)", "n", {"N": "5"}),
        ("SET list2 = list_append(if_not_exists(list2, :items), :items)", "list2", {"L": [{"S": "new"}] * 2}),
        ("SET #map.added = :one", "map", {"M": {"k": {"S": "v"}, "n": {"N": "5"}, "added": {"N": "1"}}}),
        ("SET #list[0] = :one REMOVE #list[2]", "list", {"L": [{"N": "1"}, {"N": "1"}]}),
        ("REMOVE #list[0], #list[1]", "list", {"L": [{"M": {"deep": {"N": "7"}}}]}),
        (
            "SET #list[9] = :one, #list[7] = :five",
            "list",
            {"L": [*ITEM["list"]["L"], {"N": "5"}, {"N": "1"}]},
        ),
        ("ADD n :one", "n", {"N": "6"}),
        ("ADD fresh :one", "fresh", {"N": "1"}),
        ("ADD #set :z", "set", {"SS": ["x", "y", "z"]}),
        ("DELETE #set :xy", "set", None),
        ("REMOVE s", "s", None),
        ("SET s = n, n = s", "s", {"N": "5"}),
        ("set n = :one", "n", {"N": "1"}),
        ("SET n = (n + :one)", "n", {"N": "6"}),
    ],
)
def test_updates_do_what_they_say(client, table, update, attribute, expected):
    names = {"#set": "set", "#list": "list", "#map": "map"}
    names = {alias: name for alias, name in names.items() if alias in update}
    more = {"ExpressionAttributeNames": names} if names else {}
    answer = client.update_item(
        TableName="things",
        Key={"id": {"S": "a"}},
        UpdateExpression=update,
        ReturnValues="ALL_NEW",
        **used(update, UPDATE_VALUES),
        **more,
    )
    assert answer["Attributes"].get(attribute) == expected


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ("", "Invalid UpdateExpression: The expression can not be empty;"),
        ("SET n = ", 'Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "= "'),
        (
            "SET n = :one SET s = :one",
            'Invalid UpdateExpression: The "SET" section can only be used once in an update expression;',
        ),
        (
            "SET n = :one, n = :five",
            "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these "
            "paths; path one: [n], path two: [n]",
        ),
        (
            "SET m.a = :one, m.a.b = :five",
            "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these "
            "paths; path one: [m, a], path two: [m, a, b]",
        ),
        (
            "SET m.a = :one, m[0] = :five",
            "Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these "
            "paths; path one: [m, a], path two: [m, [0]]",
        ),
        (
            "ADD n :he",
            "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: "
            "STRING, typeSet: ALLOWED_FOR_ADD_OPERAND",
        ),
        (
            "DELETE n :one",
            "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: "
            "NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND",
        ),
        ("SET n = n + s", "An operand in the update expression has an incorrect data type"),
        ("SET n = nothing", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET nothing.a = :one", "The document path provided in the update expression is invalid for update"),
        ("SET s[0] = :one", "The document path provided in the update expression is invalid for update"),
        (
            "SET n = size(s)",
            "Invalid UpdateExpression: The function is not allowed to be used this way in an expression; function: size",
        ),
    ],
)
def test_updates_that_can_t_be_done_are_refused(client, table, refused, update, message):
    key = {"id": {"S": "a"}}
    code, text = refused(
        client.update_item, TableName="things", Key=key, UpdateExpression=update, **used(update, UPDATE_VALUES)
    )
    assert (code, text) == ("ValidationException", message)


def test_projections_take_parts_of_documents(client, table):
    answer = client.get_item(
        TableName="things",
        Key={"id": {"S": "a"}},
        ProjectionExpression="#l[2].deep, #l[0], #m.k, nothing",
        ExpressionAttributeNames={"#l": "list", "#m": "map"},
    )
    assert answer["Item"] == {
        "list": {"L": [{"S": "zero"}, {"M": {"deep": {"N": "7"}}}]},
        "map": {"M": {"k": {"S": "v"}}},
    }
