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


def is_registry_mailbox(email: str) -> bool:
    labels = email.rpartition("@")[2].lower().split(".")
    return any(".".join(labels[position:]) in REGISTRY_DOMAINS for position in range(len(labels)))
