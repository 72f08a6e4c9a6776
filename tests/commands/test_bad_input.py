"""What people get wrong, and what their machine does to them: one clear line each, or it simply works."""

from __future__ import annotations

import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from poseidon_nb import errors
from poseidon_nb.client.client import connect

CREATE = "droplets create x --size s-1vcpu-1gb --image ubuntu-24-04-x64 --region nyc3"


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("dropletz list", errors.GrammarError, "Did you mean .*droplets"),
        ("droplets lst", errors.GrammarError, "Did you mean list"),
        ("droplets list --regoin nyc3", errors.GrammarError, "Did you mean --region"),
        ("droplets get", errors.GrammarError, r"needs DROPLET.*Example: %do droplets get web-1"),
        ("droplets create x", errors.GrammarError, "requires --size and --image"),
        ("droplets actions web-1 web-2", errors.GrammarError, "Unexpected argument"),
        ("droplets get {nme}", errors.GrammarError, "nme.*name"),
        ("droplets get 'web-1", errors.GrammarError, "quot"),
        ("droplets get web-9", errors.NoSuchName, "Droplet 'web-9' not found. Did you mean web-"),
        ("keys get lapto", errors.NoSuchName, "Key 'lapto' not found"),
        ("snapshots get nope", errors.NoSuchName, "Snapshot 'nope' not found"),
        ("images get ubuntu-24-04-x6", errors.NotFound, "Did you mean ubuntu-24-04-x64"),
        ("tags get wbe", errors.NotFound, "404"),
        (CREATE.replace("s-1vcpu-1gb", "s-1vcpu-1g"), errors.Unprocessable, "Unknown size 's-1vcpu-1g'.*Did you mean s-1vcpu-1gb"),
        (CREATE.replace("nyc3", "nyc33"), errors.Unprocessable, "Unknown region 'nyc33'. Did you mean nyc3"),
        (CREATE.replace("x64", "x6"), errors.Unprocessable, "Unknown image 'ubuntu-24-04-x6'. Did you mean ubuntu-24-04-x64"),
        ("droplets resize legacy-reports --size s-2vcpu-4g", errors.PoseidonError, "Did you mean s-2vcpu-4gb"),
        ("api GET droplets", errors.InvalidArgument, "must start with /v2/"),
        ("api GET https://evil.example/v2/droplets", errors.InvalidArgument, "must not contain a host"),
        ("api GET /v2/nothing", errors.NotFound, "404"),
        ("api FETCH /v2/droplets", errors.GrammarError, "METHOD must be one of GET"),
        ("droplets list --timeout soon", errors.GrammarError, "must be seconds"),
        ("droplets list --columns nme", errors.InvalidArgument, "Unknown column 'nme'. Did you mean name"),
        ("login --token dop_v1_" + "a" * 64, errors.GrammarError, "token"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_nearest_right_thing_and_nothing_is_changed(desk, line, kind, message):
    desk.sent()
    before = desk.do("droplets list --raw")
    with pytest.raises(kind, match=message) as caught:
        desk.do(line, name="web-1")
    assert "\n" not in str(caught.value)
    assert desk.do("droplets list --raw") == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{not json", "The body is not valid JSON: line 1, column 2"),
        ('{"name": "a",}\n{', "The body is not valid JSON: line"),
        ("name: [a", "The body is neither JSON nor YAML in line"),
        ("a: b: c", "The body is neither JSON nor YAML in line 1"),
    ],
)
def test_a_body_that_is_not_json_says_where_and_nothing_is_sent(desk, body, message):
    desk.sent()
    with pytest.raises(errors.GrammarError, match=message) as caught:
        desk.do("api POST /v2/tags", body=body)
    assert "\n" not in str(caught.value)
    assert desk.sent() == []


class EndlessPages(http.server.BaseHTTPRequestHandler):
    """Every page names a next one."""

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        page = int(query.get("page", ["1"])[0])
        body = json.dumps(
            {
                "tags": [{"name": f"t{page}"}],
                "links": {"pages": {"next": f"http://elsewhere.example/v2/tags?page={page + 1}"}},
                "meta": {"total": 3},
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def endless_account():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EndlessPages)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_pages_that_never_end_are_noticed(desk, endless_account):
    with connect(token="x", base_url=endless_account) as client:
        desk.session._clients[None] = client
        with pytest.raises(errors.ShapeError, match=r"The pages of \w+ never end"):
            desk.do("tags list")


def test_a_netrc_does_not_replace_the_token(desk, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert len(desk.do("droplets list")) == 13


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_proxy_is_passed_by_on_the_way_to_this_machine(desk, monkeypatch, variable):
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert len(desk.do("droplets list")) == 13


def test_a_server_that_is_gone_is_one_line(desk):
    desk.do("regions list")
    desk.sandbox.stop()
    with pytest.raises(errors.ConnectionFailed, match="droplets_list") as caught:
        desk.do("droplets list")
    assert "\n" not in str(caught.value)
    desk.session._forget()
    with pytest.raises(errors.NoToken, match="not running"):
        desk.do("droplets list")


def test_a_rate_limit_is_waited_for_and_told(desk):
    desk.sandbox.fault("status", status=429, retry_after_s=12, operation="regions_list")
    assert len(desk.do("regions list")) == 15
    assert sum(desk.session.clock.sleeps) >= 12
    assert desk.ui.views[-1]._paused_s == pytest.approx(12, abs=1.5)
    assert desk.ui.views[-1]._reason == "rate limit"


@pytest.mark.parametrize(
    "line",
    [
        "rightsize",
        "actions timeline",
        "metrics cpu",
        "droplets list",
        "droplets reboot --yes",
        "images list",
        "snapshots prune --keep-last 1",
        "panel",
    ],
)
def test_an_empty_tag_means_neither_all_nor_none(desk, line):
    desk.sent()
    for empty in ("--tag ''", "--tag=", "--tag ' '", "--tag {name}"):
        with pytest.raises(errors.GrammarError, match=r"^--tag must be the name of a tag, not empty.$"):
            desk.do(f"{line} {empty}", name="")
    assert desk.sent() == []


def test_in_a_cell_a_picture_that_cannot_be_is_told_before_anything_is_run(desk):
    desk.sent()
    with pytest.raises(
        errors.InvalidArgument,
        match=r"^Command 2 \(nothing was run\): --plot returns a chart, so it cannot be combined with --raw",
    ):
        desk.do("--raw", body="sizes list\nsizes frontier --plot")
    assert desk.sent() == []


@pytest.mark.parametrize(
    "line",
    [
        "actions timeline --last {}",
        "actions durations --last {}",
        "rightsize --last {}",
        "rightsize --last {} --dry-run",
        "idle --last {}",
        "idle --older-than {} --dry-run",
        "metrics cpu web-1 --last {}",
        "metrics cpu web-1 --start {}",
        "monitoring droplet-cpu web-1 --start {}",
    ],
)
@pytest.mark.parametrize("word", ["999999w", "30000d"])
def test_what_is_longer_ago_than_any_calendar_is_refused_before_it_is_asked_for(desk, line, word):
    desk.sent()
    with pytest.raises(errors.InvalidArgument, match=f"'{word}' goes back before 1970. Use for example 24h"):
        desk.do(line.format(word))
    # A name may have been looked up by then.
    assert not [one for one in desk.sent() if not one.startswith("GET /v2/droplets?")]
