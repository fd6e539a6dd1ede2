"""The grammar of DynamoDB's PartiQL, by recursive descent.

::

    statement  = select | insert | update | delete | EXISTS "(" select ")"
    select     = SELECT ( "*" | path { "," path } ) FROM table [ "." index ] [ WHERE condition ]
                 [ ORDER BY order { "," order } ]
    insert     = INSERT INTO table VALUE value
    update     = UPDATE table { SET set { "," set } | REMOVE path { "," path } } WHERE condition [ RETURNING which ]
    delete     = DELETE FROM table [ WHERE condition ] [ RETURNING which ]
    set        = path "=" term [ ( "+" | "-" ) term ]
    which      = ( ALL | MODIFIED ) ( OLD | NEW ) "*"
    condition  = and { OR and };  and = not { AND not };  not = [ NOT ] test
    test       = term [ comparator term | [ NOT ] BETWEEN term AND term | [ NOT ] IN list
               | IS [ NOT ] ( NULL | MISSING ) ]
    term       = path | value | function "(" term { "," term } ")" | "(" condition ")"
    value      = "?" | 'text' | number | TRUE | FALSE | NULL | "[" ... "]" | "{" 'key' ":" value ... "}" | "<<" ... ">>"
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from sundog.core import AwsError
from sundog.services.dynamodb import number
from sundog.services.dynamodb.fault import invalid
from sundog.services.dynamodb.value import Value, accept_value, kind_of

Path = tuple[str | int, ...]


class Literal(NamedTuple):
    value: Value


class Get(NamedTuple):
    path: Path


class Function(NamedTuple):
    name: str
    arguments: tuple[Any, ...]


class Compare(NamedTuple):
    operator: str
    left: Any
    right: Any


class Between(NamedTuple):
    term: Any
    low: Any
    high: Any


class Among(NamedTuple):
    term: Any
    options: tuple[Any, ...]


class Is(NamedTuple):
    """``IS NULL`` or ``IS MISSING``."""

    term: Any
    what: str


class Logic(NamedTuple):
    operator: str
    parts: tuple[Any, ...]


class Sum(NamedTuple):
    operator: str
    left: Any
    right: Any


class Select(NamedTuple):
    table: str
    index_name: str | None
    paths: tuple[Path, ...] | None
    where: Any
    order: tuple[tuple[str, bool], ...]
    """Attributes to order by, and whether descending."""
    exists: bool = False


class Insert(NamedTuple):
    table: str
    item: dict[str, Value]


class Update(NamedTuple):
    table: str
    sets: tuple[tuple[Path, Any], ...]
    removes: tuple[Path, ...]
    where: Any
    returning: str | None


class Delete(NamedTuple):
    table: str
    where: Any
    returning: str | None


_word = re.compile(
    r"""\s*(?:
    (?P<text>'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign><<|>>|<=|>=|<>|!=|[=<>()\[\]{},.:*?+\-;])
)""",
    re.VERBOSE | re.ASCII,
)


class Word(NamedTuple):
    kind: str
    text: str
    at: int


def words(statement: str) -> list[Word]:
    found: list[Word] = []
    position = 0
    end = len(statement.rstrip())
    while position < end:
        match = _word.match(statement, position)
        if match is None or match.lastgroup is None:
            raise invalid(f"Statement wasn't well formed, can't be processed: Invalid path or token at {position}")
        kind = match.lastgroup
        found.append(Word(kind, match[kind], match.start(kind)))
        position = match.end()
    found.append(Word("end", "", end))
    return found


KEYWORDS = frozenset(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "BETWEEN",
        "IN",
        "IS",
        "ORDER",
        "BY",
        "SET",
        "REMOVE",
        "RETURNING",
        "VALUE",
        "INTO",
    ]
)


class Parser:
    """One statement with its parameters."""

    def __init__(self, statement: str, parameters: list[Value] | None) -> None:
        self.statement = statement
        self.words = words(statement)
        self.at = 0
        self.parameters = parameters or []
        self.used = 0

    # -- words

    @property
    def here(self) -> Word:
        return self.words[self.at]

    def error(self, what: str = "") -> AwsError:
        word = self.here
        return invalid(
            "Statement wasn't well formed, can't be processed: "
            + (what or f"Unexpected term: '{word.text or 'end of statement'}' at position {word.at}")
        )

    def is_(self, *keywords: str) -> bool:
        """Whether these keywords or signs stand here."""
        for offset, keyword in enumerate(keywords):
            word = self.words[min(self.at + offset, len(self.words) - 1)]
            if word.kind in ("text", "quoted") or word.text.upper() != keyword:
                return False
        return True

    def accept(self, *keywords: str) -> bool:
        if self.is_(*keywords):
            self.at += len(keywords)
            return True
        return False

    def expect(self, *keywords: str) -> None:
        if not self.accept(*keywords):
            raise self.error()

    def take(self, *kinds: str) -> str:
        word = self.here
        if word.kind not in kinds:
            raise self.error()
        self.at += 1
        if word.kind == "text":
            return word.text[1:-1].replace("''", "'")
        if word.kind == "quoted":
            return word.text[1:-1].replace('""', '"')
        return word.text

    # -- statements

    def parse(self) -> Any:
        if self.accept("EXISTS", "("):
            found = self.select()._replace(exists=True)
            self.expect(")")
        elif self.is_("SELECT"):
            found = self.select()
        elif self.accept("INSERT", "INTO"):
            found = self.insert()
        elif self.accept("UPDATE"):
            found = self.update()
        elif self.accept("DELETE", "FROM"):
            table = self.table()
            where = self.condition() if self.accept("WHERE") else None
            found = Delete(table, where, self.returning())
        else:
            raise self.error()
        self.accept(";")
        if self.here.kind != "end":
            raise self.error()
        if self.used != len(self.parameters):
            raise invalid("Number of parameters in request and statement don't match.")
        return found

    def table(self) -> str:
        return self.take("name", "quoted")

    def select(self) -> Select:
        self.expect("SELECT")
        paths: tuple[Path, ...] | None = None
        if not self.accept("*"):
            listed = [self.path()]
            while self.accept(","):
                listed.append(self.path())
            paths = tuple(listed)
        self.expect("FROM")
        table = self.table()
        index = self.take("name", "quoted") if self.accept(".") else None
        where = self.condition() if self.accept("WHERE") else None
        order: list[tuple[str, bool]] = []
        if self.accept("ORDER", "BY"):
            while True:
                name = self.take("name", "quoted")
                descending = self.accept("DESC")
                if not descending:
                    self.accept("ASC")
                order.append((name, descending))
                if not self.accept(","):
                    break
        return Select(table, index, paths, where, tuple(order))

    def insert(self) -> Insert:
        table = self.table()
        self.expect("VALUE")
        value = self.value()
        if "M" not in value:
            raise self.error("Expected a tuple after VALUE")
        return Insert(table, value["M"])

    def update(self) -> Update:
        table = self.table()
        sets: list[tuple[Path, Any]] = []
        removes: list[Path] = []
        while True:
            if self.accept("SET"):
                while True:
                    path = self.path()
                    self.expect("=")
                    sets.append((path, self.sum()))
                    if not self.accept(","):
                        break
            elif self.accept("REMOVE"):
                removes.append(self.path())
                while self.accept(","):
                    removes.append(self.path())
            else:
                break
        if not sets and not removes:
            raise self.error()
        self.expect("WHERE")
        return Update(table, tuple(sets), tuple(removes), self.condition(), self.returning())

    def sum(self) -> Any:
        left = self.term()
        for sign in ("+", "-"):
            if self.accept(sign):
                return Sum(sign, left, self.term())
        return left

    def returning(self) -> str | None:
        if not self.accept("RETURNING"):
            return None
        for which in ("ALL", "MODIFIED"):
            for age in ("OLD", "NEW"):
                if self.accept(which, age, "*"):
                    return f"{'ALL' if which == 'ALL' else 'UPDATED'}_{age}"
        raise self.error()

    # -- conditions

    def condition(self) -> Any:
        parts = [self._and()]
        while self.accept("OR"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Logic("OR", tuple(parts))

    def _and(self) -> Any:
        parts = [self._not()]
        while self.accept("AND"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Logic("AND", tuple(parts))

    def _not(self) -> Any:
        if self.accept("NOT"):
            return Logic("NOT", (self._not(),))
        return self._test()

    def _test(self) -> Any:
        left = self.term()
        for sign in ("=", "<>", "!=", "<=", ">=", "<", ">"):
            if self.accept(sign):
                return Compare("<>" if sign == "!=" else sign, left, self.term())
        negated = self.is_("NOT", "BETWEEN") or self.is_("NOT", "IN")
        if negated:
            self.accept("NOT")
        found: Any = left
        if self.accept("BETWEEN"):
            low = self.term()
            self.expect("AND")
            found = Between(left, low, self.term())
        elif self.accept("IN"):
            close = ")" if self.accept("(") else "]"
            if close == "]":
                self.expect("[")
            options = [self.term()]
            while self.accept(","):
                options.append(self.term())
            self.expect(close)
            found = Among(left, tuple(options))
        elif self.accept("IS"):
            not_ = self.accept("NOT")
            what = "NULL" if self.accept("NULL") else "MISSING"
            if what == "MISSING":
                self.expect("MISSING")
            found = Is(left, what)
            negated = not_
        return Logic("NOT", (found,)) if negated else found

    def term(self) -> Any:
        if self.accept("("):
            inner = self.condition()
            self.expect(")")
            return inner
        word = self.here
        if word.kind == "name" and word.text.upper() not in ("TRUE", "FALSE", "NULL", "MISSING"):
            following = self.words[self.at + 1]
            if following.text == "(" and following.kind == "sign":
                return self._function()
        if word.kind == "quoted" or (
            word.kind == "name" and word.text.upper() not in ("TRUE", "FALSE", "NULL", "MISSING")
        ):
            return Get(self.path())
        return Literal(self.value())

    def _function(self) -> Function:
        name = self.take("name").lower()
        self.expect("(")
        arguments = [self.term()]
        while self.accept(","):
            arguments.append(self.term())
        self.expect(")")
        if name not in FUNCTIONS:
            raise invalid(f"Invalid function name: {name}")
        if len(arguments) != FUNCTIONS[name]:
            raise invalid(
                f"Incorrect number of operands for operator or function; operator or function: {name}, "
                f"number of operands: {len(arguments)}"
            )
        return Function(name, tuple(arguments))

    def path(self) -> Path:
        if self.here.kind == "name" and self.here.text.upper() in KEYWORDS:
            raise self.error()
        parts: list[str | int] = [self.take("name", "quoted")]
        while True:
            if self.accept("."):
                parts.append(self.take("name", "quoted"))
            elif self.is_("["):
                self.accept("[")
                if self.here.kind == "text":
                    parts.append(self.take("text"))
                else:
                    parts.append(int(self.take("number")))
                self.expect("]")
            else:
                return tuple(parts)

    # -- values

    def value(self) -> Value:
        if self.accept("?"):
            if self.used >= len(self.parameters):
                raise invalid("Number of parameters in request and statement don't match.")
            self.used += 1
            return accept_value(self.parameters[self.used - 1])
        if self.here.kind == "text":
            return {"S": self.take("text")}
        negative = self.accept("-")
        if self.here.kind == "number":
            return {"N": number.canonical(("-" if negative else "") + self.take("number"))}
        if negative:
            raise self.error()
        for keyword, value in (("TRUE", {"BOOL": True}), ("FALSE", {"BOOL": False}), ("NULL", {"NULL": True})):
            if self.accept(keyword):
                return value
        if self.accept("["):
            return {"L": self._items("]")}
        if self.accept("<<"):
            return _set(self._items(">>"))
        if self.accept("{"):
            return {"M": self._members()}
        raise self.error()

    def _items(self, close: str) -> list[Value]:
        found: list[Value] = []
        if self.accept(close):
            return found
        while True:
            found.append(self.value())
            if not self.accept(","):
                break
        self.expect(close)
        return found

    def _members(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        if self.accept("}"):
            return found
        while True:
            name = self.take("text", "quoted", "name")
            self.expect(":")
            found[name] = self.value()
            if not self.accept(","):
                break
        self.expect("}")
        return found


FUNCTIONS = {
    "begins_with": 2,
    "contains": 2,
    "attribute_type": 2,
    "size": 1,
    "list_append": 2,
    "set_add": 2,
    "set_delete": 2,
    "if_not_exists": 2,
    "attribute_exists": 1,
    "attribute_not_exists": 1,
}


def _set(members: list[Value]) -> Value:
    kinds = {kind_of(member) for member in members}
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        raise invalid("A set has members of one type: texts, numbers or binaries")
    (kind,) = kinds
    return accept_value({kind + "S": [member[kind] for member in members]})


def parse(statement: str, parameters: list[Value] | None) -> Any:
    """The statement's tree, its parameters in their places."""
    try:
        return Parser(statement, parameters).parse()
    except RecursionError:
        raise invalid("Statement wasn't well formed, can't be processed: it is nested too deeply") from None
