"""The words by which a kind of holder is suggested: one table, each rule with its reason. Used by kinds.py."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from apps.enrichment.models import HolderKind

WORDS = "words"
DOMAIN = "domain"  # of a mail address


@dataclass(frozen=True)
class Rule:
    """`reason` is a msgid that may hold %(word)s. `where` says what is searched: words of names and remarks, or mail domains. A
    weak rule decides only where no other fits."""

    key: str
    kind: HolderKind
    pattern: re.Pattern[str]
    reason: str
    where: str = WORDS
    is_weak: bool = False


def _words(text: str) -> re.Pattern[str]:
    """Patterns separated by spaces, `_` for a space inside one. Latin ones match whole words of names such as PPP-POOL_3,
    others anywhere; what they are matched with is in lower case and NFKC."""
    parts = [part.replace("_", " ") for part in text.split()]
    return re.compile("|".join(rf"(?<![a-z])(?:{part})(?![a-z])" if part.isascii() else part for part in parts))


RULES = (
    Rule(
        "government-domain",
        HolderKind.GOVERNMENT,
        re.compile(r"(?:^|\.)(?:go\.(?:jp|kr|id|th)|lg\.jp|gov(?:\.[a-z]{2})?|go(?:b|uv)\.[a-z]{2})$"),
        _("Mail goes to %(word)s, a domain of governments."),
        DOMAIN,
    ),
    Rule(
        "academic-domain",
        HolderKind.ACADEMIC,
        re.compile(r"(?:^|\.)(?:ac\.[a-z]{2}|edu(?:\.[a-z]{2})?)$"),
        _("Mail goes to %(word)s, a domain of universities."),
        DOMAIN,
    ),
    Rule(
        "government",
        HolderKind.GOVERNMENT,
        _words("government ministry municipality prefectural parliament police gov gob 官公庁 県庁 市役所 警察 政府 정부 시청 도청"),
        _("“%(word)s” in a name: a public authority."),
    ),
    Rule(
        "academic",
        HolderKind.ACADEMIC,
        _words(
            "universit(?:y|ies|aet|at|e|a|ad|eit|et) univ college academy academic campus school polytechnic"
            " institute_of_technology research_and_education nren 大学 学園 高等専門学校 研究所 대학 학교 学院"
        ),
        _("“%(word)s” in a name: education or research."),
    ),
    Rule(
        "shared",
        HolderKind.SHARED,
        _words(
            "cgn cg-?nat carrier[_-]grade lsn map-?e ds-?lite v6plus transix xpass ocn mobile wireless cellular lte [345]g gprs"
            " 携帯 モバイル 모바일 이동통신 移动通信"
        ),
        _("“%(word)s” in a name: many customers share an address."),
    ),
    Rule(
        "dynamic",
        HolderKind.ISP_DYNAMIC,
        _words(
            "dynamic dyn dynip pools? dhcp pppoe? dial-?up [avs]?dsl xdsl ftth fttx gpon broadband residential cable consumer home"
            " kornet 動的 ケーブルテレビ ケーブルネット フレッツ 유동 가정 宽带 动态"
        ),
        _("“%(word)s” in a name: addresses are given to subscribers for a time."),
    ),
    Rule(
        "fixed",
        HolderKind.ISP_FIXED,
        _words("static fixed leased[_-]line dedicated_internet 固定 専用線 고정 전용회선 专线"),
        _("“%(word)s” in a name: addresses stay with a subscriber."),
    ),
    Rule(
        "hosting",
        HolderKind.HOSTING,
        _words(
            "host(?:ing|ed|er)? cloud vps servers? colo(?:cation)? data[_-]?cent(?:er|re) idc dedicated cdn compute iaas"
            " ホスティング クラウド サーバー? データセンター 호스팅 클라우드 서버 데이터센터 云计算 数据中心 主机"
        ),
        _("“%(word)s” in a name: servers are let."),
    ),
    Rule(
        "provider",
        HolderKind.ISP_DYNAMIC,
        _words("tele(?:com|kom|communications?) isp internet_service 通信 テレコム 통신 텔레콤 电信 联通"),
        _("“%(word)s” in a name: a provider of access, most of whose addresses change hands."),
        is_weak=True,
    ),
    Rule(
        "enterprise",
        HolderKind.ENTERPRISE,
        _words(
            "bank insurance hospital clinic hotel motors? pharma manufacturing foods? airlines?"
            " 銀行 保険 病院 製作所 工業 製薬 은행 병원 银行 医院"
        ),
        _("“%(word)s” in a name: a business that uses its addresses itself."),
    ),
)
POOL = "pool-by-turnover"
REASONS = {rule.key: rule.reason for rule in RULES} | {
    POOL: _("%(word)s: so many distinct sources for so few at a time are those of a pool.")
}
