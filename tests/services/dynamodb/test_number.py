"""Numbers as keys: their bytes stand to each other as the numbers do."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sundog.services.dynamodb import number

numbers = st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(map(int, str(digits))), exponent)),
    st.sampled_from((0, 1)),
    st.integers(0, 10**38 - 1),
    st.integers(-130, 88),
)


@given(numbers, numbers)
def test_sortable_bytes_are_in_the_order_of_the_numbers(one, other):
    left, right = number.sortable(number.of_decimal(one)), number.sortable(number.of_decimal(other))
    assert (left < right) == (one < other)
    assert (left == right) == (one == other)


@given(numbers)
def test_the_canonical_form_is_the_number_and_stays(value):
    text = number.of_decimal(value)
    assert Decimal(text) == value
    assert number.canonical(text) == text
    assert "E" not in text


@given(numbers)
def test_every_way_to_write_a_number_has_one_form(value):
    assert number.canonical(f"{value:e}") == number.canonical(f"{value:f}") == number.of_decimal(value)
