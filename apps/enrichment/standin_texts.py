"""What the stand-in says by WHOIS and as national registries: replayed recorded texts, else the network of its RDAP answer
in their words."""

from collections.abc import Mapping
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

from apps.enrichment.models import ContactRole
from apps.enrichment.registries.parsed import ParsedNetwork
from apps.enrichment.registries.parsing import parse_network
from apps.enrichment.standin_data import ANSWERS, REMARK

SAMPLE = f"Sample data: {REMARK['description'][0]}"


@cache
def recorded_texts(kind: str) -> dict[str, bytes]:
    """Bytes by the address asked for, of `whois`, `jpnic` or `krnic`."""
    folder, registry = ("whois", "") if kind == "whois" else ("nir", kind)
    files = sorted((ANSWERS / folder).glob(f"{registry}*-*"))
    return {str(ip_address(path.stem.partition("-")[2].replace("_", ":"))): path.read_bytes() for path in files}


def text_about(kind: str, address: str, answer: Mapping[str, Any] | None) -> bytes | None:
    """The answer of a WHOIS server (`whois`) or a national registry; None where there is no network. `answer` is the RDAP one."""
    recorded = recorded_texts(kind)
    if address in recorded:
        return recorded[address]
    network = parse_network(answer) if answer else None
    return _WORDS[kind](network, address).encode() if network else None


def whois_words(network: ParsedNetwork, _address: str) -> str:
    abuse = _mailbox(network, ContactRole.ABUSE)
    span = f"{network.start} - {network.end}"
    return f"""% {SAMPLE}

% Abuse contact for '{span}' is '{abuse}'

{"inetnum" if network.start.version == 4 else "inet6num"}:        {span}
netname:        {network.name}
descr:          {network.holder}
country:        {network.country}
tech-c:         SAMPLE-NOC
remarks:        {SAMPLE}
source:         SAMPLE

role:           {network.holder} operations
nic-hdl:        SAMPLE-NOC
e-mail:         {_mailbox(network, ContactRole.TECHNICAL)}
source:         SAMPLE
"""


def jpnic_words(network: ParsedNetwork, address: str) -> str:
    """A page with one contact, whose page holds the mailbox; its handle tells which."""
    code = _mailbox(network, ContactRole.ABUSE).rpartition("@")[2].partition(".")[0].removeprefix("net-").upper()
    prefix = next(cidr for cidr in network.cidrs if _holds(cidr, address))
    link = f'<A HREF="./whois_gw?key=SMP{code}JP">SMP{code}JP</A>'
    return _jpnic_page(f"""Network Information:
a. [Network Number]             <A HREF="./whois_gw?key={prefix}">{prefix}</A>
b. [Network Name]               {network.name}
g. [Organization]               {network.holder}
m. [Administrative Contact]     {link}
n. [Technical Contact]          {link}
[Last Update]                   2018/10/13 09:00:00(JST)
""")


def jpnic_contact(handle: str) -> bytes:
    code = handle.removeprefix("SMP").removesuffix("JP").lower()
    return _jpnic_page(f"""Group Contact Information:
[Group Handle]                  {handle}
[Group Name]                    Sample Network {code.upper()} abuse desk
[E-Mail]                        abuse@net-{code}.invalid
""").encode()


def krnic_words(network: ParsedNetwork, _address: str) -> str:
    return f"""<html><body><pre>
# ENGLISH

[ Network Information ]
IPv{network.start.version} Address       : {network.start} - {network.end} ({network.cidrs[0].rpartition("/")[2]})
Organization Name  : {network.holder}
Service Name       : {network.name}
<div id="eng_isp_contact" style="display:none;">Name               : IP Manager
E-Mail             : {_mailbox(network, ContactRole.ABUSE)}
</div>
- {SAMPLE} -
</pre></body></html>
"""


_WORDS = {"whois": whois_words, "jpnic": jpnic_words, "krnic": krnic_words}


def _jpnic_page(text: str) -> str:
    return f"<HTML><BODY><PRE>\n[ {SAMPLE} ]\n\n{text}</PRE></BODY></HTML>\n"


def _holds(cidr: str, address: str) -> bool:
    return ip_address(address) in ip_network(cidr)


def _mailbox(network: ParsedNetwork, role: ContactRole) -> str:
    return next((contact.email for contact in network.contacts if contact.role == role), "noc@sample.invalid")
