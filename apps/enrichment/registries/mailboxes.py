"""Mailboxes of registries themselves. They answer for the registry's data, not for a customer's host, so no notice goes
there; they appear in answers where a range has no other contact or was passed on by a national registry."""

# Domain → why. A mailbox of the domain or of a domain below it counts.
REGISTRY_DOMAINS = {
    "afrinic.net": "regional registry for Africa",
    "apnic.net": "regional registry for Asia and the Pacific",
    "arin.net": "regional registry for North America",
    "lacnic.net": "regional registry for Latin America",
    "ripe.net": "regional registry for Europe and the Middle East",
    "iana.org": "address space that no registry was given",
    "nic.ad.jp": "JPNIC, national registry of Japan",
    "nic.or.kr": "KRNIC, national registry of Korea",
    "kisa.or.kr": "KISA, which runs KRNIC",
    "cnnic.cn": "CNNIC, national registry of China",
    "cnnic.net.cn": "CNNIC",
    "twnic.tw": "TWNIC, national registry of Taiwan",
    "twnic.net.tw": "TWNIC",
    "vnnic.vn": "VNNIC, national registry of Viet Nam",
    "vnnic.net.vn": "VNNIC",
    "idnic.net": "IDNIC, national registry of Indonesia",
    "irinn.in": "IRINN, national registry of India",
    "nic.br": "NIC.br, national registry of Brazil",
    "registro.br": "NIC.br",
    "nic.mx": "NIC Mexico, national registry",
    "iar.mx": "NIC Mexico",
}


# How the registries call themselves as holders of what they passed on, in small letters.
REGISTRY_NAMES = (
    "african network information center",
    "african network information centre",
    "afrinic",
    "american registry for internet numbers",
    "asia pacific network information centre",
    "asia pacific network information centre (apnic)",
    "internet assigned numbers authority",
    "latin american and caribbean ip address regional registry",
    "ripe network coordination centre",
    "ripe ncc",
    "japan network information center",
    "korea network information center",
    "korea internet & security agency",
    "krnic",
    "china internet network information center",
    "taiwan network information center",
    "vietnam internet network information center",
    "indonesia network information center",
)
# Networks that stand for "not ours, ask somebody else".
PLACEHOLDERS = ("non-ripe-ncc-managed-address-block", "iana-netblock", "iana-blk", "eu-zz-", "not-apnic", "apnic-erx-", "ripe-erx-")


def is_registry_name(holder: str) -> bool:
    return holder.strip(" .").lower() in REGISTRY_NAMES


def is_placeholder(name: str, holder: str) -> bool:
    """Whether a network is a registry's own block, whose real holder somebody else knows."""
    return is_registry_name(holder) or name.lower().startswith(PLACEHOLDERS)


def is_registry_mailbox(email: str) -> bool:
    labels = email.rpartition("@")[2].lower().split(".")
    return any(".".join(labels[position:]) in REGISTRY_DOMAINS for position in range(len(labels)))
