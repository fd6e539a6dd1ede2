"""Private IPv4 addresses: who has which, and which one comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from sundog.core import AwsError, Tx
from sundog.services.ec2.cidr import Range, contains, ipv4, ipv4_range, ipv4_text, known_range
from sundog.services.ec2.state.interface import UsedAddress
from sundog.services.ec2.state.network import Subnet, SubnetCidrReservation

FIRST = 4
"""The first address that may be given out; those before it are the network's, the router's, the DNS server's and AWS's."""
RESERVED = 5


def capacity(block: Range) -> int:
    """How many addresses of a subnet may be given out."""
    return (1 << 32 - block[1]) - RESERVED


def allocate_private_address(tx: Tx, subnet: Subnet, wanted: str | None = None, interface: str = "") -> str:
    """Take an address of the subnet: the wanted one, or the next that is free. ``interface`` is who has it."""
    if wanted is None:
        return allocate_private_addresses(tx, subnet, (interface,))[0]
    subnet = tx.get(Subnet, subnet.subnet_id)
    number = _wanted(tx, subnet, known_range(subnet.cidr_block or ""), wanted)
    tx.add(UsedAddress(subnet_id=subnet.subnet_id, number=number, network_interface_id=interface))
    tx.update(subnet, available_ip_address_count=subnet.available_ip_address_count - 1)
    return wanted


def allocate_private_addresses(tx: Tx, subnet: Subnet, interfaces: Sequence[str]) -> list[str]:
    """Take the next free addresses, one for each interface; all of them or none."""
    subnet = tx.get(Subnet, subnet.subnet_id)
    left = subnet.available_ip_address_count - len(interfaces)
    if left < 0:
        raise exhausted(subnet)
    numbers = list(islice(_all_free(tx, subnet, known_range(subnet.cidr_block or "")), len(interfaces)))
    if len(numbers) < len(interfaces):
        raise exhausted(subnet)
    for number, interface in zip(numbers, interfaces, strict=True):
        tx.add(UsedAddress(subnet_id=subnet.subnet_id, number=number, network_interface_id=interface))
    if numbers:
        tx.update(subnet, next_address=numbers[-1] + 1, available_ip_address_count=left)
    return [ipv4_text(number) for number in numbers]


def allocate_prefix(tx: Tx, subnet: Subnet, wanted: str | None, interface: str) -> str:
    """Take a whole /28 of the subnet."""
    subnet = tx.get(Subnet, subnet.subnet_id)
    block = known_range(subnet.cidr_block or "")
    if wanted is not None:
        found = ipv4_range(wanted)
        if found is None or found[1] != 28 or not contains(block, found):
            raise AwsError("InvalidParameterValue", f"Value ({wanted}) for parameter Ipv4Prefixes is invalid.")
        if not _unused(tx, subnet, found[0]):
            raise AwsError("InvalidIPAddress.InUse", f"The prefix {wanted} is already in use.")
        start = found[0]
    else:
        last = block[0] + (1 << 32 - block[1]) - 16
        free = (number for number in range(block[0] + 16, last, 16) if _unused(tx, subnet, number))
        start = next(free, 0)
        if not start:
            raise AwsError(
                "InsufficientCidrBlocks",
                "The specified subnet does not have enough free cidr blocks to satisfy the request.",
            )
    for number in range(start, start + 16):
        tx.add(UsedAddress(subnet_id=subnet.subnet_id, number=number, network_interface_id=interface))
    tx.update(subnet, available_ip_address_count=subnet.available_ip_address_count - 16)
    return f"{ipv4_text(start)}/28"


def release_private_address(tx: Tx, subnet_id: str, address: str) -> None:
    """Give an address, or a delegated prefix, back to its subnet."""
    block = known_range(address if "/" in address else address + "/32")
    freed = 0
    for number in range(block[0], block[0] + (1 << 32 - block[1])):
        row = tx.find(UsedAddress, subnet_id, number)
        if row is not None:
            tx.delete(row)
            freed += 1
    subnet = tx.find(Subnet, subnet_id)
    if subnet is not None and freed:
        tx.update(subnet, available_ip_address_count=subnet.available_ip_address_count + freed)


def exhausted(subnet: Subnet) -> AwsError:
    return AwsError(
        "InsufficientFreeAddressesInSubnet",
        f"There are not enough free addresses in subnet '{subnet.subnet_id}' to satisfy the requested number of instances.",
    )


def _wanted(tx: Tx, subnet: Subnet, block: Range, wanted: str) -> int:
    number = ipv4(wanted)
    if number is None:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({wanted}) for parameter privateIpAddress is invalid. Invalid IPv4 address.",
        )
    if not contains(block, (number, 32)):
        raise AwsError("InvalidParameterValue", "Address does not fall within the subnet's address range")
    place = number - block[0]
    if place < FIRST or place == (1 << 32 - block[1]) - 1:
        raise AwsError("InvalidParameterValue", "Address is in subnet's reserved address range")
    if tx.find(UsedAddress, subnet.subnet_id, number) is not None:
        raise AwsError("InvalidIPAddress.InUse", f"Address {wanted} is in use.")
    return number


def _all_free(tx: Tx, subnet: Subnet, block: Range) -> Iterator[int]:
    """The free addresses from where the last search ended, as AWS doesn't hand out a freed one at once."""
    low, high = block[0] + FIRST, block[0] + (1 << 32 - block[1]) - 1
    start = subnet.next_address if low <= subnet.next_address < high else low
    avoid = _reserved(tx, subnet)
    for begin, end in ((start, high), (low, start)):
        number = begin
        taken = tx.range(UsedAddress, (subnet.subnet_id, begin), (subnet.subnet_id, end))
        following = next(taken, None)
        while number < end:
            inside = next((kept for kept in avoid if contains(kept, (number, 32))), None) if avoid else None
            if inside is not None:
                number = inside[0] + (1 << 32 - inside[1])
                continue
            while following is not None and following.number < number:
                following = next(taken, None)
            if following is None or following.number != number:
                yield number
            number += 1


def _unused(tx: Tx, subnet: Subnet, start: int) -> bool:
    return next(tx.range(UsedAddress, (subnet.subnet_id, start), (subnet.subnet_id, start + 16)), None) is None


def _reserved(tx: Tx, subnet: Subnet) -> list[Range]:
    """Ranges that are kept for addresses asked for by number, and for prefixes."""
    rows = tx.select(SubnetCidrReservation, subnet_id=subnet.subnet_id)
    return [found for row in rows if (found := ipv4_range(row.cidr)) is not None]
