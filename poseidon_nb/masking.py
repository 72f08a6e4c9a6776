"""Which values of the API are secret, and how output masks them.

A value is secret by the name of its field (``password``, ``hf_token``; ``key`` beside ``cert``), or by its text (a private
key, a token, a URL with a password), whatever its field is. SSH public keys, fingerprints, digests and ids are not secret.

Frames and printed JSON contain `MASK` instead of the value. Data from ``client.call`` contains the values, and only its
repr and its pickles contain `MASK`; see `masked_data`.

Source: the names of all fields in the specification's requests and responses, 2026-10-12;
``tests/contract/secret_fields.txt`` lists those of responses.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Shown instead of a secret of a response.
MASK = "•••••••• (reveal=True)"
#: Shown instead of a secret of a request, and in error messages: nothing can reveal it there.
HIDDEN = "(not shown)"

_SECRET_NAME = re.compile(
    r"(?!(?:has|is|use|uses|require|requires|enable)_)(?:.*_)?(?:"
    r"(?:api|private|secret|auth|secret_access|service|encryption|signing)_?key(?:_pem)?|client_key_data"
    r"|(?:passwords?|passphrase|passwd|passcode|pwd)\d*|secrets?|token|jwt|bearer|credentials?|authorization"
    r"|(?:pre)?signed_url|sso_url|kube_?config|connection_string|dsn)"
)
#: Parameters that sign a URL. Under the short names only values of at least so many characters are secret.
_SIGNATURE = re.compile(r"(?:.*_)?signature|.*_sig")
_SHORT_SIGNATURES, _MIN_SIGNATURE = frozenset({"key", "sig"}), 8
#: Numbers are secret under these names only: other names may be counts.
_SECRET_NUMBER = re.compile(r"(?:.*_)?(?:password|passphrase|passwd|pwd|pin|secret)")
#: Word boundaries of a field name: ``apiKey``, ``API-Key``.
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-.]")
#: They look like secrets, but are text of a model, and the place in a list.
_NOT_SECRET = frozenset({"stop_token", "eos_token", "pad_token", "page_token", "next_page_token"})
#: An object with one of these names has secrets under names of the user's choice.
_HOLDERS = frozenset({"secrets", "passwords"})
#: Their text is never checked: the API made it up, or it is a key to be published.
_PUBLIC_NAME = re.compile(
    r"(?:.*_)?(?:public_key|fingerprint|digest|hash|checksum|ids?|uuid|urns?|slug|ip|ipv[46]|ip_address)"
)
#: Names that are secret only beside another field: the private key of a Kafka user and of a log sink's certificate, the
#: key of a functions namespace, and the address with the password of a database.
_SECRET_BESIDE = {"access_key": {"access_cert"}, "key": {"cert", "api_host"}, "uri": {"password"}}
#: The registry login of Docker, in base64, of at least so many characters; a shorter text is a kind of login.
_LOGIN, _MIN_LOGIN = "auth", 16


@dataclass(frozen=True, slots=True)
class SecretText:
    """A kind of secret that text shows by itself.

    Parameters
    ----------
    pattern : re.Pattern
        The group ``kept``, if there is one, is not secret. A group ``name`` must be a secret name, and a group
        ``parameter`` one that signs a URL.
    markers : tuple of str
        A text without any of these, in lower case, does not match. They are much quicker to look for.
    example : str
    """

    pattern: re.Pattern[str]
    markers: tuple[str, ...]
    example: str

    def replace(self, text: str, replacement: str, found: set[str]) -> str:
        """Return a text with all such secrets in it replaced, and add them to a set."""

        def replaced(match: re.Match[str]) -> str:
            groups = match.groupdict()
            kept = groups.get("kept") or ""
            secret = match[0][len(kept) :]
            name, parameter = groups.get("name"), groups.get("parameter")
            if (name and not _is_secret_in_text(name)) or (parameter and not _is_signature(parameter, secret)):
                return match[0]
            found.add(secret)
            return kept + replacement

        return self.pattern.sub(replaced, text)


#: A name in text. Its length is limited, so that a text of one long word takes no quadratic time.
_NAME = r"(?P<name>(?<![\w.-])[\w.-]{1,64})"


def _secret_text(pattern: str, *markers: str, example: str, flags: re.RegexFlag = re.IGNORECASE) -> SecretText:
    return SecretText(re.compile(pattern, flags), markers, example)


SECRET_TEXTS = (
    _secret_text(
        r"-----BEGIN [A-Z ]*PRIVATE KEY.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
        "private key",
        example="-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
        flags=re.DOTALL,
    ),
    _secret_text(r"\bdo[opr]_v1_\w{8,}", "_v1_", example="dop_v1_0123456789abcdef"),
    _secret_text(r"\b(?:gh[pousr]_|github_pat_)\w{16,}", "gh", example="ghp_0123456789abcdef01"),
    _secret_text(r"\b(?:dckr_pat_|hf_)[\w-]{16,}", "_pat_", "hf_", example="dckr_pat_0123456789abcdef"),
    _secret_text(r"\bxox[abprs]-[\w-]{16,}", "xox", example="xoxb-0123456789abcdef"),
    # A JSON web token.
    _secret_text(
        r"(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+", "eyj", example="eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2ln"
    ),
    _secret_text(r"(?P<kept>://[^/\s:@]*:)[^/\s@]+(?=@)", "://", example="postgres://user:hunter2@host/db"),
    _secret_text(r"(?P<kept>://)[^/\s:@]{16,}(?=@)", "://", example="https://0123456789abcdef@host/"),
    _secret_text(
        r"(?P<kept>hooks\.slack\.com/services/)[^\s\"']+", "slack.com", example="https://hooks.slack.com/services/T/B/x"
    ),
    _secret_text(
        r"(?P<kept>[?&](?P<parameter>[\w.-]{1,64})=)[^&#\s\"']+",
        "?",
        "&",
        example="https://x/a?X-Amz-Signature=0123456789",
    ),
    # A variable, or a part of a connection string.
    _secret_text(rf"(?P<kept>{_NAME}[ ]{{0,2}}=[ ]{{0,2}}[\"']?)[^\s;&#\"']+", "=", example="host=db password=hunter2"),
    _secret_text(r"(?P<kept>\b(?:bearer|basic) )[\w.~+/-]{8,}=*", "bearer ", "basic ", example="Bearer 0123456789"),
    # JSON within text.
    _secret_text(
        rf"(?P<kept>[\"']{_NAME}[\"']\s{{0,9}}:\s{{0,9}}[\"'])[^\"']+", '"', "'", example='{"client_secret": "hunter2"}'
    ),
    # A line of YAML, such as a kubeconfig's.
    _secret_text(
        rf"^(?P<kept>[ \t]*(?:- )?{_NAME}:[ \t]+)\S.*$",
        "\n",
        example="name: x\ntoken: hunter2\n",
        flags=re.MULTILINE,
    ),
)
_MARKERS = tuple(dict.fromkeys(marker for one in SECRET_TEXTS for marker in one.markers))
#: Joins texts to look for markers in all of them.
_JOINT = "\x00"
#: A parameter in the query of a request.
_IN_QUERY = re.compile(r"(?P<kept>[?&](?P<parameter>[\w.-]{1,64})=)(?P<value>[^&#\s]+)")
#: Shorter secrets would also match in ordinary words.
_MIN_SECRET_LENGTH = 6
#: An object with more fields is looked through one by one; names made of data would fill the cache.
_MAX_NAMES = 100
#: Types that are never secret, whatever their name is.
_PLAIN = frozenset({bool, type(None)})
_LEAVES = frozenset({str, int, float, bool, type(None)})


def mask(value: Any, *, name: str = "", replacement: str = MASK) -> Any:
    """Return a copy of JSON data with its secrets replaced; the same object if it has none.

    Parameters
    ----------
    value : object
    name : str
        The field that holds the value.
    replacement : str
    """
    try:
        if isinstance(value, list):
            # Of thousands of rows few are secret, and most are found harmless quickly.
            items = [
                item
                if isinstance(item, dict) and is_harmless(item)
                else mask_field(item, name.removesuffix("s"), {}, replacement)
                for item in value
            ]
            return value if all(map(_is, items, value)) else items
        return mask_field(value, name, {}, replacement)
    except RecursionError:
        # Too deep to look through.
        return replacement


def is_harmless(value: Any) -> bool:
    """Check quickly whether an object or a list has no secrets; false if that is not certain."""
    texts: list[str] = []
    try:
        return _collect_texts(value, texts) and not may_hold_secret_text(texts)
    except RecursionError:
        return False


def _collect_texts(value: Any, texts: list[str]) -> bool:
    """Collect all text in a value, and return whether its names and types are harmless."""
    if isinstance(value, dict):
        if len(value) > _MAX_NAMES or _may_be_secret_names(tuple(value)):
            return False
        items: Iterable[Any] = value.values()
    elif isinstance(value, list):
        items = value
    else:
        return False
    for item in items:
        kind = item.__class__
        if kind is str:
            texts.append(item)
        elif kind not in _LEAVES and not _collect_texts(item, texts):
            return False
    return True


@lru_cache(maxsize=4096)
def _may_be_secret_names(names: tuple[Any, ...]) -> bool:
    return any(
        not isinstance(name, str)
        or name == "value"
        or name in _SECRET_BESIDE
        or any(map(_is_secret_name, (name, name.removesuffix("s"))))
        or _is_secret_number(name)
        for name in names
    )


def mask_field(value: Any, name: str, siblings: Mapping[Any, Any], replacement: str = MASK) -> Any:
    """Return the value of a field as `mask` does; `siblings` are the fields of its object."""
    if isinstance(value, str):
        return _mask_string(value, name, siblings, replacement)
    if isinstance(value, dict):
        masked = {
            key: mask_field(item, name_inside(name, key), value, replacement) if item.__class__ not in _PLAIN else item
            for key, item in value.items()
        }
        return value if all(masked[key] is item for key, item in value.items()) else masked
    if isinstance(value, list | tuple):
        # The items of ``api_keys`` are as secret as ``api_key``.
        items = [mask_field(item, name.removesuffix("s"), {}, replacement) for item in value]
        return value if all(map(_is, items, value)) else items
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return replacement if is_number and _is_secret_number(name) else value


def _is(one: object, other: object) -> bool:
    return one is other


def name_inside(outer: str, key: Any) -> str:
    """Return the name by which a field is judged: ``value`` in a ``service_key`` is as secret as the key."""
    name = key if isinstance(key, str) else str(key)
    return outer if (name == "value" and _is_secret_name(outer)) or outer in _HOLDERS else name


def _mask_string(value: str, name: str, siblings: Mapping[Any, Any], replacement: str) -> str:
    if not value or value == replacement:
        return value
    if is_secret(name, siblings) and (name != _LOGIN or len(value) >= _MIN_LOGIN):
        return replacement
    if is_public_name(name) or not may_hold_secret_text((value,)):
        return value
    hidden = mask_in_text(value, replacement)
    # The same object, by which callers see that nothing was secret.
    return value if hidden == value else hidden


def mask_in_text(text: str, replacement: str = HIDDEN) -> str:
    """Return a text with the secrets in it replaced, wherever they occur; the rest is kept."""
    found: set[str] = set()
    text = _hide(text, replacement, found)
    for secret in found:
        if len(secret) >= _MIN_SECRET_LENGTH:
            text = text.replace(secret, replacement)
    return text


def _hide(text: str, replacement: str, found: set[str]) -> str:
    lowered = text.lower()
    for one in SECRET_TEXTS:
        if any(marker in lowered for marker in one.markers):
            text = one.replace(text, replacement, found)
    return text


def mask_query(target: str) -> str:
    """Return a path or URL with the secrets in its query replaced by `HIDDEN`."""
    return _IN_QUERY.sub(
        lambda one: (
            f"{one['kept']}{HIDDEN}"
            if _is_secret_in_text(one["parameter"]) or _is_signature(one["parameter"], one["value"])
            else one[0]
        ),
        target,
    )


def may_hold_secret_text(texts: Iterable[str]) -> bool:
    """Check quickly whether any of many texts may be secret by its text; some that pass are not."""
    joined = _JOINT.join(texts).lower()
    return any(marker in joined for marker in _MARKERS)


def masked_fields(value: Any) -> set[tuple[str, ...]]:
    """Return the paths of the fields whose value is `MASK`, or contains it; items of a list share one path."""
    return set(_masked_paths(value, ()))


def _masked_paths(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, str):
        if MASK in value:
            yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _masked_paths(item, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _masked_paths(item, path)


def find_secrets(body: Any) -> Iterator[str]:
    """Return the secrets in a body, in every form in which a message may quote them; very short ones are left out."""
    found: set[str] = set()
    _collect_secrets(body, "", {}, found)
    for secret in found:
        if len(secret) >= _MIN_SECRET_LENGTH:
            yield from {
                secret,
                json.dumps(secret)[1:-1],
                json.dumps(secret, ensure_ascii=False)[1:-1],
                quote(secret, safe=""),
            }


def _collect_secrets(value: Any, name: str, siblings: Mapping[Any, Any], found: set[str]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _collect_secrets(item, name_inside(name, key), value, found)
    elif isinstance(value, list | tuple):
        for item in value:
            _collect_secrets(item, name.removesuffix("s"), {}, found)
    elif isinstance(value, str) and is_secret(name, siblings):
        found.add(value)
    elif isinstance(value, str):
        _hide(value, "", found)


def is_secret(name: object, siblings: Mapping[Any, Any]) -> bool:
    """Check whether a field is secret by its name and by the other fields of its object."""
    if not isinstance(name, str):
        return False
    if name == "value":
        # An environment variable of an app, or a name-value pair.
        named = (siblings.get("name"), siblings.get("key"))
        return str(siblings.get("type")).upper() == "SECRET" or any(
            isinstance(one, str) and _is_secret_name(one) for one in named
        )
    if name in _SECRET_BESIDE:
        return any(isinstance(siblings.get(other), str) for other in _SECRET_BESIDE[name])
    # The text of a token that a model chose, with its probability.
    return _is_secret_name(name) and not (name == "token" and "logprob" in siblings)


@lru_cache(maxsize=4096)
def _is_secret_name(name: str) -> bool:
    return name not in _NOT_SECRET and (name == _LOGIN or _SECRET_NAME.fullmatch(snake_case(name)) is not None)


@lru_cache(maxsize=4096)
def _is_secret_in_text(name: str) -> bool:
    """Check a name of any case: ``DB_PASSWORD``, ``client-secret``."""
    lowered = _lowered(name)
    # PWD is the current folder of a shell.
    return lowered != "pwd" and (_is_secret_name(lowered) or _is_secret_name(name))


def _is_signature(parameter: str, value: str) -> bool:
    name = _lowered(parameter)
    return _SIGNATURE.fullmatch(name) is not None or (name in _SHORT_SIGNATURES and len(value) >= _MIN_SIGNATURE)


def _lowered(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


@lru_cache(maxsize=4096)
def _is_secret_number(name: str) -> bool:
    return _SECRET_NUMBER.fullmatch(snake_case(name)) is not None


@lru_cache(maxsize=4096)
def is_public_name(name: str) -> bool:
    """Check whether a field's text is never secret."""
    return _PUBLIC_NAME.fullmatch(snake_case(name)) is not None


def snake_case(name: str) -> str:
    """Convert ``apiKey``, ``API-Key`` and ``api.key`` to ``api_key``, as the specification writes names."""
    return _WORD_BOUNDARY.sub("_", name).lower()
