"""The fields of data sources of knowledge bases. Their secrets are not kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.responses import unprocessable

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import StoredObject

_CRAWLING = ("UNKNOWN", "SCOPED", "PATH", "DOMAIN", "SUBDOMAINS", "SITEMAP")
_ALGORITHMS = tuple(
    f"CHUNKING_ALGORITHM_{name}" for name in ("SECTION_BASED", "HIERARCHICAL", "SEMANTIC", "FIXED_LENGTH")
)


def _texts(*names: str) -> tuple[Field, ...]:
    """Declare text fields; a name with a star is required."""
    return tuple(Field(name.rstrip("*"), type="string", required=name.endswith("*")) for name in names)


#: The kinds of data sources with their fields.
_KINDS = {
    "spaces_data_source": _texts("bucket_name*", "item_path", "region"),
    "aws_data_source": _texts("bucket_name*", "item_path", "region", "key_id", "secret_key"),
    "web_crawler_data_source": (
        *_texts("base_url*"),
        Field("crawling_option", type="string", default="SCOPED", choices=_CRAWLING),
        Field("embed_media", type="boolean", default=False),
        Field("exclude_tags", type="array", items="string"),
    ),
    "file_upload_data_source": _texts("original_file_name*", "stored_object_key*", "size_in_bytes"),
    "dropbox_data_source": _texts("folder*", "refresh_token"),
    "google_drive_data_source": _texts("folder_id*", "refresh_token"),
}
_SECRETS = ("key_id", "secret_key", "refresh_token")
SOURCE_FIELDS = (
    *(Field(name, type="object", fields=fields, closed=True) for name, fields in _KINDS.items()),
    Field("chunking_algorithm", type="string", default=_ALGORITHMS[0], choices=_ALGORITHMS),
    Field(
        name="chunking_options",
        type="object",
        fields=(
            *(Field(f"{name}_chunk_size", type="integer", minimum=1) for name in ("max", "parent", "child")),
            Field("semantic_threshold", type="number", minimum=0, maximum=1),
        ),
        closed=True,
    ),
    *_texts("bucket_name", "bucket_region", "item_path"),
)


def check_source(_call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    """Raise 422 unless the values are of one kind of data source, and drop its secrets."""
    if present is not None:
        return
    bucket, region, path = (values.pop(name, "") for name in ("bucket_name", "bucket_region", "item_path"))
    if bucket:
        values.setdefault("spaces_data_source", {"bucket_name": bucket, "region": region, "item_path": path})
    if len(_KINDS.keys() & values) != 1:
        raise unprocessable(f"A data source needs one of {', '.join(_KINDS)}.")
    for name in _KINDS.keys() & values:
        values[name] = {key: value for key, value in values[name].items() if key not in _SECRETS}
