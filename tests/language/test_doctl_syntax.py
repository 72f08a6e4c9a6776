"""What doctl's users have in their fingers: each line does what our own words do, or says what to write instead."""

from __future__ import annotations

import pytest

from poseidon_nb import errors
from poseidon_nb.commands.help import help_text
from poseidon_nb.commands.registry import parse, registry
from poseidon_nb.language.completion import complete_line
from poseidon_nb.language.values import parse_shorthand

SSH_FROM_ANYWHERE = {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["0.0.0.0/0", "::/0"]}}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("volume create data --size 10GiB --region nyc3", "volumes create data --size-gigabytes 10 --region nyc3"),
        ("volume create data --size 1TiB --region nyc3", "volumes create data --size-gigabytes 1024 --region nyc3"),
        (
            "volume create d --size 9 --region a --desc x --fs-type xfs --fs-label l --tag t",
            (
                "volumes create d --size-gigabytes 9 --region a --description x --filesystem-type xfs "
                "--filesystem-label l --tags t"
            ),
        ),
        ("volume-action resize data --size 20 --region nyc3", "volumes resize data 20 --region nyc3"),
        ("volume snapshot data --snapshot-name s", "volumes snapshot data s"),
        ("compute domain records ls example.com", "records list example.com"),
        (
            (
                "compute domain records create example.com --record-type SRV --record-name _sip._tcp --record-data s. "
                "--record-priority 1 --record-port 5060 --record-weight 2 --record-ttl 60"
            ),
            "records create example.com --type SRV --name _sip._tcp --data s. --priority 1 --port 5060 --weight 2 --ttl 60",
        ),
        ("domain records update a.com --record-id 7 --record-type A", "records update a.com 7 --type A"),
        (
            "image create gold --image-url https://a.com/b --region nyc3",
            "images create_custom gold https://a.com/b nyc3",
        ),
        ("image update gold --image-name silver", "images update gold --name silver"),
        ("image-action transfer gold --region fra1", "images transfer gold fra1"),
        ("vpcs create --name backend --region nyc3", "vpcs create backend --region nyc3"),
        ("projects create --name lab --purpose x", "projects create lab --purpose x"),
        ("projects assign lab --resource do:droplet:1", "projects assign lab do:droplet:1"),
        ("firewall add-droplets web --droplet-ids 1,2", "firewalls add-droplets web 1 2"),
        ("firewall add-tags web --tag-names a,b", "firewalls add-tags web a b"),
        ("firewall list-by-droplet web-1", "droplets firewalls web-1"),
        ("reserved-ip create --droplet web-1", "reserved-ips create --droplet-id web-1"),
        ("fipa assign 198.19.1.5 7", "reserved-ips assign 198.19.1.5 7"),
        ("account ratelimit", "ratelimit"),
        ("monitoring alert list", "monitoring list"),
        ("1-click list", "one-clicks list"),
        ("certificate list", "certificates list"),
        (
            "firewall create --name ssh --inbound-rules protocol:tcp,ports:22,address:0.0.0.0/0,address:::/0",
            (
                """firewalls create ssh --inbound-rules '[{"protocol": "tcp", "ports": "22", """
                """"sources": {"addresses": ["0.0.0.0/0", "::/0"]}}]'"""
            ),
        ),
        (
            (
                "load-balancer create --name f --region nyc3 --health-check protocol:http,port:80,path:/ --forwarding-rules "
                "entry_protocol:http,entry_port:80,target_protocol:http,target_port:80"
            ),
            (
                """load-balancers create f --region nyc3 --health-check '{"protocol": "http", "port": 80, "path": "/"}' """
                """--forwarding-rules '[{"entry_protocol": "http", "entry_port": 80, """
                """"target_protocol": "http", "target_port": 80}]'"""
            ),
        ),
        (
            "tag assign web --resource do:droplet:7,do:volume:a-b",
            (
                """tags assign web --resources '[{"resource_id": "7", "resource_type": "droplet"}, """
                """{"resource_id": "a-b", "resource_type": "volume"}]'"""
            ),
        ),
    ],
)
def test_doctls_line_is_ours(theirs: str, ours: str) -> None:
    assert parse(theirs) == parse(ours)


@pytest.mark.parametrize(
    ("line", "write"),
    [
        ("images list-user", "%do images list --private"),
        ("image list-application", "%do images list --type application"),
    ],
)
def test_a_verb_that_we_have_otherwise_says_how(line: str, write: str) -> None:
    with pytest.raises(errors.GrammarError, match=write):
        parse(line)


@pytest.mark.parametrize(
    ("text", "shorthand", "value"),
    [
        ("protocol:tcp,ports:22,address:0.0.0.0/0,address:::/0", "inbound", [SSH_FROM_ANYWHERE]),
        (
            "protocol:icmp,tag:web protocol:tcp,ports:all,droplet_id:7",
            "outbound",
            [
                {"protocol": "icmp", "destinations": {"tags": ["web"]}},
                {"protocol": "tcp", "ports": "all", "destinations": {"droplet_ids": [7]}},
            ],
        ),
        ("type:cookies,cookie_ttl_seconds:300", "object", {"type": "cookies", "cookie_ttl_seconds": 300}),
        ("a:true b:x", "objects", [{"a": True}, {"b": "x"}]),
        ("protocol:tcp,portz:22", "inbound", None),
        ("protocol:tcp,protocol:udp", "inbound", None),
        ("a:1,a:2", "object", None),
        ("a:1 b:2", "object", None),
        ("tcp", "inbound", None),
        ("droplet:7", "urns", None),
        ("[{]", "inbound", None),
        ("", "urns", None),
        ("a:1", "", None),
    ],
)
def test_a_short_text_is_the_json_that_it_stands_for(text, shorthand, value) -> None:
    assert parse_shorthand(text, shorthand) == value


def test_what_is_neither_json_nor_short_is_refused_with_an_example() -> None:
    with pytest.raises(errors.GrammarError, match="must be JSON, or text such as protocol:tcp,ports:22,address"):
        parse("firewalls create ssh --inbound-rules protocol:tcp,portz:22")


def test_a_size_with_a_unit_is_only_one_where_a_size_is_meant() -> None:
    with pytest.raises(errors.GrammarError, match="--ttl must be an integer, not '10GiB'"):
        parse("records create example.com --type A --ttl 10GiB")


def test_an_argument_is_not_given_twice() -> None:
    with pytest.raises(errors.GrammarError, match="Unexpected argument"):
        parse("vpcs create backend --name other --region nyc3")


def test_completion_goes_on_behind_a_group_within_a_group() -> None:
    found = complete_line("%do compute domain records ", registry(), {})
    assert found is not None
    assert [word.text for word in found.words][:3] == ["list", "get", "create"]


def test_a_group_of_forty_verbs_lists_the_first_and_says_where_the_others_are() -> None:
    with pytest.raises(errors.GrammarError) as caught:
        parse("droplets frobnicate")
    assert str(caught.value).endswith("and more, see %do droplets --help")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("group", "verb", "says"),
    [
        ("volumes", "create", "size in GiB (required)"),
        ("vpcs", "create", "slug of a region, for example nyc3 (required)"),
        ("records", "create", "A, AAAA, CAA, CNAME, MX, NS, SRV or TXT (required)"),
        ("firewalls", "create", "JSON, or protocol:tcp,ports:22,address:0.0.0.0/0"),
        ("tags", "assign", "do:TYPE:ID"),
        ("monitoring", "create", "limit, in the unit of the metric (required)"),
    ],
)
def test_help_tells_what_a_field_takes_and_not_only_its_name(group, verb, says) -> None:
    assert says in help_text(group, verb)
