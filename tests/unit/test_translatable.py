"""What a person reads can be translated: no word of a page or a letter stands beside gettext."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "templates"
ROOMS = ("accounts", "api", "elements", "mail", "provider", "recovery", "tap", "verified_id", "wallet")
READ = sorted(
    [TEMPLATES / "base.html", TEMPLATES / "problem.html"]
    + [path for room in ROOMS for path in (TEMPLATES / room).rglob("*") if path.suffix in {".html", ".txt"}]
)
NOT_READ = (
    r"{%\s*comment\b.*?{%\s*endcomment\s*%}",
    r"{#.*?#}",
    r"{%\s*blocktranslate\b.*?{%\s*endblocktranslate\s*%}",
    r"{%\s*block card_class\s*%}.*?{%\s*endblock\s*%}",
    r"{%.*?%}",
    r"{{.*?}}",
)
SPOKEN = re.compile(r"""\b(?:alt|title|placeholder|aria-label|aria-description)=(?:"([^"]*)"|'([^']*)')""")
# The same in every language: the time zone, and a command that is typed as it stands.
NAMES = re.compile(r"\bUTC\b|<code>[^<]*</code>")


def untranslated(text: str) -> list[str]:
    for pattern in NOT_READ:
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    text = NAMES.sub("", text)
    said = [first or second for first, second in SPOKEN.findall(text)]
    said += re.sub(r"<[^>]*>", "\n", text).splitlines()
    return [words.strip() for words in said if re.search(r"[^\W\d_]{2}", words)]


@pytest.mark.parametrize("path", READ, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_word_that_a_person_reads_goes_through_gettext(path: Path) -> None:
    assert untranslated(path.read_text(encoding="utf-8")) == []


def test_words_beside_gettext_are_found_wherever_they_stand() -> None:
    assert untranslated('{% translate "Yes" %}<p>No</p>') == ["No"]
    assert untranslated("<img alt='A face'>{{ name }} UTC") == ["A face"]
    assert untranslated("{% blocktranslate %}Hello{% endblocktranslate %}\nWhen: {{ at }} UTC") == ["When:"]
    assert untranslated("{% if a %}<b>Über</b>{% else %}·{% endif %}") == ["Über"]
