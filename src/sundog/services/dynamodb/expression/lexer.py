"""The words of DynamoDB's expressions."""

from __future__ import annotations

import re

from sundog.services.dynamodb.fault import invalid

_token = re.compile(
    r"""\s*(?:
    (?P<name>[A-Za-z][A-Za-z0-9_]*)
  | (?P<alias>\#[A-Za-z0-9_.\-]*[A-Za-z0-9_\-]|\#[A-Za-z0-9_]+)
  | (?P<value>:[A-Za-z0-9_]+)
  | (?P<number>[0-9]+)
  | (?P<sign><>|<=|>=|[=<>()\[\],.+\-])
  | (?P<other>\S)
)""",
    re.VERBOSE | re.ASCII,
)


class Token:
    """One word: its kind (``name``, ``alias``, ``value``, ``number``, ``sign``, ``end``), text, and where it stands."""

    __slots__ = ("end", "kind", "start", "text", "upper")

    def __init__(self, kind: str, text: str, start: int, end: int) -> None:
        self.kind = kind
        self.text = text
        self.upper = text.upper() if kind == "name" else text
        self.start = start
        self.end = end


_alias = re.compile(r"#[A-Za-z0-9_]+", re.ASCII)


def tokens(text: str) -> list[Token]:
    """All words of an expression, and one of kind ``end`` behind them."""
    found: list[Token] = []
    position = 0
    while True:
        match = _token.match(text, position)
        if match is None:
            break
        kind = match.lastgroup
        assert kind is not None
        start, end = match.span(kind)
        if kind == "alias":
            narrow = _alias.match(text, start)
            if narrow is not None:
                end = narrow.end()
        found.append(Token(kind, text[start:end], start, end))
        position = end
    found.append(Token("end", "<EOF>", len(text), len(text)))
    return found


class Words:
    """A text's tokens with a place in it."""

    __slots__ = ("all", "at", "parameter", "text")

    def __init__(self, text: str, parameter: str) -> None:
        self.text = text
        self.parameter = parameter
        self.all = tokens(text)
        self.at = 0
        if len(self.all) == 1:
            raise invalid(f"Invalid {parameter}: The expression can not be empty;")
        for index, token in enumerate(self.all):
            if token.kind == "other":
                self.at = index
                raise self.error()

    @property
    def here(self) -> Token:
        return self.all[self.at]

    @property
    def following(self) -> Token:
        return self.all[min(self.at + 1, len(self.all) - 1)]

    def take(self) -> Token:
        token = self.all[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def accept(self, text: str) -> bool:
        """Step over the sign or keyword if it stands here."""
        if self.here.upper == text:
            self.take()
            return True
        return False

    def expect(self, text: str) -> Token:
        if self.here.upper != text:
            raise self.error()
        return self.take()

    def error(self, token: Token | None = None) -> Exception:
        """The syntax error at the token here, shown between its neighbours."""
        at = self.at if token is None else self.all.index(token)
        token = self.all[at]
        first = self.all[max(at - 1, 0)]
        last = self.all[min(at + 1, len(self.all) - 1)]
        near = self.text[first.start : last.end]
        return invalid(f'Invalid {self.parameter}: Syntax error; token: "{token.text}", near: "{near}"')
