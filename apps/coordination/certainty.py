"""The evidence decides the verb: which words a text may use at which certainty (design table in docs/subsystems/coordination.md)."""

from apps.coordination.models import Certainty
from apps.observations.models import Signature

# Words that claim more than the certainty they stand beside. A text may use those of its own and of weaker certainties.
_ORDER = (Certainty.OBSERVED, Certainty.PATTERN, Certainty.LIKELY, Certainty.REPORTED)
CLAIMS: dict[Certainty, tuple[str, ...]] = {
    Certainty.OBSERVED: (),
    Certainty.PATTERN: ("感染している可能性があります", "感染の可能性", "may be infected", "possibly infected"),
    Certainty.LIKELY: ("可能性が高いと考えています", "we consider it likely"),
    Certainty.REPORTED: ("侵害を受けていた", "感染しています", "感染していました", "reported a compromise",
                         "was compromised", "is compromised",
                         "were compromised", "are compromised", "is infected", "are infected", "was infected", "were infected"),
}  # fmt: skip
NEVER = ("攻撃者", "犯人", "攻撃元", "発信国", "攻撃国", "督促", "警告", "違反", "期限", "attacker", "culprit", "attacked us")


def of_signatures(signatures: tuple[Signature, ...]) -> Certainty:
    """A malware's mark in the packets is a pattern; scanners' tools and plain packets are only observed."""
    return Certainty.PATTERN if Signature.MIRAI in signatures else Certainty.OBSERVED


def too_strong(text: str, certainty: Certainty | str) -> list[str]:
    """Words of the text that claim more than `certainty` allows, and words that no mail may hold."""
    flat = " ".join(text.lower().split())
    close = "".join(text.split())  # Japanese lines are broken anywhere
    stronger = [word for level in _ORDER[_ORDER.index(Certainty(certainty)) + 1 :] for word in CLAIMS[level]]
    return [word for word in (*stronger, *NEVER) if word in flat or word in close]
