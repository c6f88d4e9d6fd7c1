"""DynamoDB's expressions: conditions, key conditions and updates, as far as Cairn and other designs use them."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

Item = dict[str, dict[str, Any]]
Values = Mapping[str, Mapping[str, Any]]
Names = Mapping[str, str]
Test = Callable[[Item, Names, Values], bool]
Operand = Callable[[Item, Names, Values], Any]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[()=<>,+\-]|[#:]?[A-Za-z0-9_.]+)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


class Unknown(ValueError):
    """The expression uses something that this reader doesn't know."""


class _Tokens:
    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._at = 0
        if "".join(self._tokens) != re.sub(r"\s+", "", text):
            raise Unknown(text)

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self._at += 1
        return token

    def take(self, *wanted: str) -> str | None:
        return self.next() if self.peek().upper() in wanted else None

    def need(self, wanted: str) -> None:
        if self.next().upper() != wanted:
            raise Unknown(f"no {wanted} at token {self._at} of {self._tokens}")


@lru_cache(maxsize=1000)
def condition(text: str) -> Test:
    """Return the test that a condition, filter or key condition says."""
    tokens = _Tokens(text)
    test = _or(tokens)
    if tokens.peek():
        raise Unknown(text)
    return test


def _or(tokens: _Tokens) -> Test:
    left = _and(tokens)
    while tokens.take("OR"):
        left = _either(left, _and(tokens))
    return left


def _and(tokens: _Tokens) -> Test:
    left = _not(tokens)
    while tokens.take("AND"):
        left = _both(left, _not(tokens))
    return left


def _either(left: Test, right: Test) -> Test:
    return lambda item, names, values: left(item, names, values) or right(item, names, values)


def _both(left: Test, right: Test) -> Test:
    return lambda item, names, values: left(item, names, values) and right(item, names, values)


def _not(tokens: _Tokens) -> Test:
    if tokens.take("NOT"):
        inner = _not(tokens)
        return lambda item, names, values: not inner(item, names, values)
    if tokens.take("("):
        inner = _or(tokens)
        tokens.need(")")
        return inner
    return _simple(tokens)


def _simple(tokens: _Tokens) -> Test:
    if function := tokens.take("ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS", "BEGINS_WITH", "CONTAINS"):
        return _function(function.upper(), tokens)
    left = operand(tokens)
    if tokens.take("BETWEEN"):
        low = operand(tokens)
        tokens.need("AND")
        high = operand(tokens)
        return lambda item, names, values: (
            _of(low, item, names, values) <= _of(left, item, names, values) <= _of(high, item, names, values)
        )
    if tokens.take("IN"):
        tokens.need("(")
        options = [operand(tokens)]
        while tokens.take(","):
            options.append(operand(tokens))
        tokens.need(")")
        return lambda item, names, values: any(
            _of(left, item, names, values) == _of(option, item, names, values) for option in options
        )
    compare = _COMPARE[tokens.next()]
    right = operand(tokens)

    def test(item: Item, names: Names, values: Values) -> bool:
        one, other = _of(left, item, names, values), _of(right, item, names, values)
        # An attribute that isn't there equals nothing, and is neither more nor less.
        if one is None or other is None:
            return compare is _COMPARE["<>"]
        return compare(one, other)

    return test


def _function(function: str, tokens: _Tokens) -> Test:
    tokens.need("(")
    first = operand(tokens)
    second = operand(tokens) if tokens.take(",") else None
    tokens.need(")")
    if function == "ATTRIBUTE_EXISTS":
        return lambda item, names, values: first(item, names, values) is not None
    if function == "ATTRIBUTE_NOT_EXISTS":
        return lambda item, names, values: first(item, names, values) is None
    if second is None:
        raise Unknown(function)

    def test(item: Item, names: Names, values: Values) -> bool:
        whole, part = _of(first, item, names, values), _of(second, item, names, values)
        if whole is None:
            return False
        return str(whole).startswith(part) if function == "BEGINS_WITH" else part in whole

    return test


def operand(tokens: _Tokens) -> Operand:
    """Return what gives the (typed) value of an attribute, a placeholder, or one of the functions of updates."""
    token = tokens.next()
    if token.lower() == "if_not_exists":
        tokens.need("(")
        name, other = operand(tokens), None
        tokens.need(",")
        other = operand(tokens)
        tokens.need(")")
        return lambda item, names, values: name(item, names, values) or other(item, names, values)
    if token.lower() == "size":
        tokens.need("(")
        name = operand(tokens)
        tokens.need(")")
        return lambda item, names, values: {"N": str(len(_of(name, item, names, values) or ""))}
    if token.startswith(":"):
        return lambda _item, _names, values: values[token]
    if token.startswith("#"):
        return lambda item, names, _values: item.get(names[token])
    return lambda item, _names, _values: item.get(token)


def _of(give: Operand, item: Item, names: Names, values: Values) -> Any:
    return plain(give(item, names, values))


def plain(value: Mapping[str, Any] | None) -> Any:
    """Return a typed value as Python's, to compare it."""
    if value is None:
        return None
    ((kind, content),) = value.items()
    return Decimal(content) if kind == "N" else content


@lru_cache(maxsize=1000)
def update(text: str) -> Callable[[Item, Names, Values], Item]:
    """Return what an update expression does: the item after it."""
    steps: list[tuple[str, str, Operand | None]] = []
    for word, part in re.findall(
        r"(?i)\b(SET|REMOVE|ADD|DELETE)\b\s+(.*?)(?=\s+\b(?:SET|REMOVE|ADD|DELETE)\b|$)", text
    ):
        for one in re.split(r",(?![^(]*\))", part):
            name, _, value = one.strip().partition("=" if word.upper() == "SET" else " ")
            steps.append((word.upper(), name.strip(), _sum(value.strip()) if value else None))
    if not steps:
        raise Unknown(text)

    def carry_out(item: Item, names: Names, values: Values) -> Item:
        after = dict(item)
        for word, name, value in steps:
            key = names.get(name, name)
            if word == "REMOVE" or value is None:
                after.pop(key, None)
            elif word == "SET":
                after[key] = dict(value(item, names, values))
            elif "SS" in (given := value(item, names, values)):
                texts = set(plain(item.get(key)) or ())
                left = texts | set(given["SS"]) if word == "ADD" else texts - set(given["SS"])
                # A set that is empty is no attribute at all.
                after.pop(key, None)
                after |= {key: {"SS": sorted(left)}} if left else {}
            elif word == "DELETE":
                raise Unknown(text)
            else:
                more = plain(given)
                after[key] = {"N": str((plain(item.get(key)) or Decimal(0)) + more)}
        return after

    return carry_out


def _sum(text: str) -> Operand:
    tokens = _Tokens(text)
    left = operand(tokens)
    sign = tokens.take("+", "-")
    if not sign:
        return left
    right = operand(tokens)

    def give(item: Item, names: Names, values: Values) -> Any:
        one, other = _of(left, item, names, values), _of(right, item, names, values)
        return {"N": str(one + other if sign == "+" else one - other)}

    return give
