"""`%do droplets ssh-config`: one entry for each droplet, printed or written to a file of its own."""

from __future__ import annotations

import pytest

from poseidon_nb import errors
from poseidon_nb.commands.droplets.ssh_config import HEADER, find_hosts, format_entries


def row(key: int, name: str, address: str | None = "203.0.113.5", kind: str = "public"):
    return {"id": key, "name": name, "networks": {"v4": [{"type": kind, "ip_address": address}] if address else []}}


def test_each_droplet_has_an_entry_with_its_public_address(desk):
    text = desk.do("droplets ssh-config --tag web")
    droplets = {one.name: one.ip_address for one in desk.session.client().droplets.list(tag_name="web")}
    assert len(droplets) == 4
    for name, address in droplets.items():
        assert f"Host {name}\n    HostName {address}\n    User root\n" in text
    assert text.count("Host ") == 4


def test_user_and_key_are_options_and_must_be_one_word(desk):
    text = desk.do("droplets ssh-config --tag db --user ada --identity-file ~/.ssh/id_ed25519")
    assert "    User ada\n    IdentityFile ~/.ssh/id_ed25519\n" in text
    for line in ("--user 'ada\n    ProxyCommand rm'", "--identity-file 'a b'"):
        with pytest.raises(errors.InvalidArgument, match="must be one word"):
            desk.do(f"droplets ssh-config {line}")


def test_private_addresses_and_droplets_without_one(desk):
    text = desk.do("droplets ssh-config --private")
    assert all(line.split()[1].startswith("10.") for line in text.splitlines() if "HostName" in line)
    assert find_hosts([row(1, "a", None), row(2, "b", "not an address")], "public") == ({}, ["a", "b"])


def test_droplets_with_the_same_name_get_their_id():
    hosts, _ = find_hosts([row(2, "web", "203.0.113.2"), row(1, "web", "203.0.113.1")], "public")
    assert hosts == {"web-1": "203.0.113.1", "web-2": "203.0.113.2"}


def test_a_name_cannot_add_lines_to_the_file():
    hosts, left_out = find_hosts([row(1, "x\n    ProxyCommand rm -rf /"), row(2, "*"), row(3, "ok")], "public")
    assert hosts == {"ok": "203.0.113.5"}
    assert len(left_out) == 2
    assert format_entries(hosts) == "Host ok\n    HostName 203.0.113.5\n    User root\n"


def test_a_file_is_written_for_its_owner_only_and_can_be_written_again(desk, tmp_path):
    path = tmp_path / "digitalocean.conf"
    for _ in range(2):
        assert desk.do(f"droplets ssh-config --out-file {path}") is None
    assert path.read_text().startswith(HEADER)
    assert path.read_text().count("Host ") == 13
    assert path.stat().st_mode & 0o777 == 0o600
    assert [*tmp_path.iterdir()] == [path]
    assert f"Include {path}" in desk.ui.said[-1]


def test_a_file_of_the_user_is_never_overwritten(desk, tmp_path):
    path = tmp_path / "config"
    path.write_text("Host mine\n")
    with pytest.raises(errors.InvalidArgument, match="was not written by this command"):
        desk.do(f"droplets ssh-config --out-file {path}")
    assert path.read_text() == "Host mine\n"
    with pytest.raises(errors.InvalidArgument, match="Cannot write"):
        desk.do(f"droplets ssh-config --out-file {tmp_path}/none/config")


def test_an_unknown_tag_is_an_error_with_the_closest_one(desk):
    with pytest.raises(errors.NoSuchName, match="Did you mean web"):
        desk.do("droplets ssh-config --tag wev")


def test_a_dry_run_shows_the_lists_that_it_reads(desk):
    desk.sent()
    desk.do("droplets ssh-config --tag web --dry-run")
    assert "GET /v2/droplets?tag_name=web" in "\n".join(desk.ui.said)
    assert desk.sent() == []
