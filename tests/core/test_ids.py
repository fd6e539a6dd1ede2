from __future__ import annotations

import re
import uuid

import pytest

from sundog.core.ids import Ids, account_of


def sample(ids: Ids) -> list[str]:
    return [
        ids.hex(8),
        ids.new("i"),
        ids.uuid(),
        ids.request_id(),
        ids.token(20),
        ids.alnum(16, upper=True),
        ids.access_key("123456789012"),
        ids.unique_id("AROA"),
        ids.secret(),
        str(ids.random.random()),
    ]


@pytest.mark.parametrize("seed", [0, 7, "a name"])
def test_one_seed_gives_one_sequence(seed: int | str) -> None:
    assert sample(Ids(seed)) == sample(Ids(seed))


def test_a_seed_gives_the_same_on_every_machine_and_in_every_version() -> None:
    assert Ids("sundog").new("i") == "i-08f033336a2f65272"


def test_other_seeds_and_no_seed_give_others() -> None:
    samples = [tuple(sample(ids)) for ids in (Ids(1), Ids(2), Ids(), Ids())]
    assert len(set(samples)) == 4


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (lambda ids: ids.hex(5), r"[0-9a-f]{5}"),
        (lambda ids: ids.new("subnet"), r"subnet-0[0-9a-f]{16}"),
        (lambda ids: ids.token(12), r"[A-Za-z0-9]{12}"),
        (lambda ids: ids.alnum(9), r"[A-Za-z0-9]{9}"),
        (lambda ids: ids.alnum(9, upper=True), r"[A-Z0-9]{9}"),
        (lambda ids: ids.alnum(9, upper=False), r"[a-z0-9]{9}"),
        (lambda ids: ids.access_key(), r"AKIA[A-Z2-7]{16}"),
        (lambda ids: ids.access_key("000000000001", "ASIA"), r"ASIA[A-Z2-7]{16}"),
        (lambda ids: ids.unique_id("AIDA"), r"AIDA[A-Z2-7]{17}"),
        (lambda ids: ids.secret(), r"[A-Za-z0-9/+]{40}"),
    ],
)
def test_an_id_has_its_form(make: object, form: str) -> None:
    ids = Ids(3)
    for _ in range(200):
        assert re.fullmatch(form, make(ids))  # type: ignore[operator]


def test_uuids_are_of_version_4() -> None:
    ids = Ids(4)
    for _ in range(200):
        text = ids.uuid()
        made = uuid.UUID(text)
        assert (str(made), made.version, made.variant) == (text, 4, uuid.RFC_4122)


@pytest.mark.parametrize("account", ["000000000000", "123456789012", "999999999999"])
def test_an_access_key_holds_its_account(account: str) -> None:
    ids = Ids(5)
    keys = {ids.access_key(account) for _ in range(100)}
    assert len(keys) == 100
    assert {account_of(key) for key in keys} == {account}


@pytest.mark.parametrize("text", ["", "123456789012", "AKIAIOSFODNN7EXAMPLE", "AKIA0000000000000000", "testing"])
def test_other_keys_hold_none(text: str) -> None:
    assert account_of(text) is None


@pytest.mark.parametrize("seed", [6, None])
def test_a_state_is_restored(seed: int | None) -> None:
    ids = Ids(seed)
    ids.uuid()
    state = ids.state()
    first = sample(ids)
    ids.fork()
    ids.restore(state)
    assert sample(ids) == first


def test_forks_of_a_seeded_one_are_the_same_in_every_run() -> None:
    def run() -> list[list[str]]:
        parent = Ids("x")
        one, two = parent.fork(), parent.fork()
        return [sample(ids) for ids in (parent, one, two, one.fork())]

    first = run()
    assert first == run()
    assert len({tuple(each) for each in first}) == 4


def test_forks_of_one_without_a_seed_differ() -> None:
    parent = Ids()
    assert parent.fork().uuid() != parent.fork().uuid()
