"""Who runs a block in the invented world of the stand-ins, so that registries and scanning services tell of the same one.

Every delegation is a network of its own, but for half of the small ones: those of a region are one hosting provider's.
"""

from dataclasses import dataclass
from hashlib import sha256

from apps.reference.delegations import Delegation

LARGEST_HOSTING_BLOCK = 2**17  # addresses


@dataclass(frozen=True)
class SampleHolder:
    """`code` is what tells its handles and mail domains from those of others."""

    code: str
    name: str
    is_hosting: bool


def sample_holder(delegation: Delegation) -> SampleHolder:
    """The same for every address of the delegation, whenever it is asked."""
    digest = sha256(str(delegation.start).encode())
    is_small = delegation.start.version == 4 and int(delegation.end) - int(delegation.start) < LARGEST_HOSTING_BLOCK
    if is_small and digest.digest()[0] % 2 == 0:
        return SampleHolder(f"HOSTING-{delegation.region}", f"Sample Hosting ({delegation.region})", is_hosting=True)
    code = digest.hexdigest()[:4].upper()
    return SampleHolder(code, f"Sample Network {code} ({delegation.region})", is_hosting=False)
