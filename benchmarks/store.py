"""What the store's operations cost, at 10, 10,000 and 1,000,000 rows. Run: python benchmarks/store.py [rows ...]"""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

from msgspec.structs import replace

from sundog.core.record import Index, Key, Record, record
from sundog.core.store import Store
from sundog.core.table import SortedMap


@record(table="bench.Plain")
class Plain(Record):
    name: Key[str]
    state: str = "pending"


@record(table="bench.Machine", order="added")
class Machine(Record):
    machine_id: Key[str]
    vpc_id: Index[str]
    reservation_id: Index[str]
    state: str = "pending"


HERE = ("123456789012", "us-east-1")


def cost(work: Callable[[], Any], times: int, repeat: int = 3) -> float:
    """The best of some runs, in microseconds for each of ``times`` steps that one run takes."""
    best = float("inf")
    for _ in range(repeat):
        begin = perf_counter()
        work()
        best = min(best, perf_counter() - begin)
    return best / times * 1e6


def each(function: Callable[[Any], Any], arguments: Iterable[Any]) -> Callable[[], None]:
    def run() -> None:
        for argument in arguments:
            function(argument)

    return run


def measure(n: int) -> dict[str, float]:
    chance = random.Random(n)
    names = [f"i-{chance.getrandbits(64):016x}" for _ in range(n)]
    found: dict[str, float] = {}

    table: SortedMap[str, Any] = SortedMap()
    found["map: put, random order"] = cost(each(lambda name: table.put(name, name), names), n, 1)
    some = chance.sample(names, min(n, 1000)) * (1 if n >= 1000 else 1000 // n)
    found["map: get, 1,000 random keys"] = cost(each(table.get, some), len(some))
    found["map: freeze, then one put"] = cost(
        each(lambda name: (table.freeze(), table.put(name, name)), some), len(some)
    )

    store = Store()
    plain = store.part(Plain, *HERE)
    machines = store.part(Machine, *HERE)

    def add_plain(name: str) -> None:
        plain.add(Plain(name=name))
        store.commit()

    def add_machine(name: str) -> None:
        machines.add(Machine(machine_id=name, vpc_id=f"vpc-{len(name) % 7}", reservation_id="r" + name))
        store.commit()

    found["add and commit"] = cost(each(add_plain, names), n, 1)
    found["add and commit, two indexes, order added"] = cost(each(add_machine, names), n, 1)
    found["store.part(...).get(key)"] = cost(each(lambda name: store.part(Machine, *HERE).get(name), some), len(some))
    rows = [machines.get(name) for name in some]

    def change(row: Any) -> None:
        machines.replace(row, replace(row, state="running"))

    found["replace, no index touched"] = cost(each(change, rows), len(rows))
    found["commit, per row of a big one"] = cost(store.commit, len(rows), 1)

    def change_and_roll_back(row: Any) -> None:
        machines.replace(row, replace(row, vpc_id="vpc-other"))
        store.rollback()

    found["replace with an index, roll back"] = cost(each(change_and_roll_back, rows), len(rows))
    found["find by index, one row"] = cost(
        each(lambda row: next(machines.by_index("reservation_id", row.reservation_id)), rows), len(rows)
    )
    found["scan, per row, by key"] = cost(lambda: sum(1 for _ in plain), n)
    found["scan, per row, as added"] = cost(lambda: sum(1 for _ in machines), n)
    found["all(), per row, by key"] = cost(plain.all, n)
    found["snapshot, nothing changed"] = cost(each(lambda _: store.snapshot(), some), len(some))

    def snapshot_and_change(row: Any) -> None:
        store.snapshot()
        machines.replace(row, replace(row, state="stopped"))
        store.commit()

    found["snapshot, replace, commit"] = cost(each(snapshot_and_change, rows), len(rows))
    snapshot = store.snapshot()

    def spoil_and_restore(row: Any) -> None:
        machines.delete(row.machine_id)
        store.commit()
        store.restore(snapshot)

    found["delete, commit, restore"] = cost(each(spoil_and_restore, rows), len(rows))
    found["fork"] = cost(each(lambda _: store.fork(), some), len(some))
    return found


def main(sizes: list[int]) -> None:
    gc.disable()  # it counts what the other sizes left behind
    columns = [measure(n) for n in sizes]
    print(f"{'microseconds':42}" + "".join(f"{n:>14,}" for n in sizes))
    for name in columns[0]:
        print(f"{name:42}" + "".join(f"{column[name]:14.2f}" for column in columns))


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [10, 10_000, 1_000_000])
