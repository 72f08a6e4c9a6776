"""The text of the most used commands at three widths, as stored files to be read by a person."""

from __future__ import annotations

import os
from pathlib import Path

from poseidon_nb.frames.cells import text_width
from poseidon_nb.frames.display import to_text, view_of

STORED = Path(__file__).with_name("text_tables")
WIDTHS = (80, 120, 200)
#: Each command with words that its question asked for: in its text they occur at every width, whatever else is there.
COMMANDS = {
    "droplets list": "name status region size public_ipv4 price_monthly web-1 198.18.0.5 24.00",
    "droplets list --tag web": "name status region size public_ipv4 price_monthly",
    "droplets list --columns name,features,id": "droplet_agent monitoring ipv6 private_networking 521000032",
    "droplets list 'zzz*'": "No droplets match 'zzz*'.",
    "droplets list --region ams3 --status off": "--region ams3 --status off.",
    "droplets get web-1": "name web-1 status active tags env:prod vpc_uuid",
    "droplets get web-1 --columns name,status": "name web-1 status active",
    "droplets snapshots db-1": "name size_gigabytes created_at",
    "droplets backups web-1": "No backups of web-1 were found.",
    "droplets actions web-1": "type status started_at completed_at reboot",
    "droplets neighbors web-1": "name web-2",
    "images list": "name slug distribution type",
    "images list --type distribution": "ubuntu-24-04-x64",
    "snapshots list": "name size_gigabytes created_at",
    "volumes list": "name size_gigabytes region droplet_ids tags",
    "keys list": "name fingerprint",
    "tags list": "name droplets_count",
    "actions list": "name type status started_at web-1",
    "actions durations": "type median_s p90_s",
    "actions timeline --last 7d": "name type started_at duration_s",
    "domains list": "name ttl",
    "domains get tidepool-maps.example": "name ttl zone_file $ORIGIN SOA",
    "records list tidepool-maps.example": "type name data ns1.digitalocean.com",
    "reserved-ips list": "ip region droplet_name web-1",
    "firewalls list": "name status tags inbound_rules tcp 80 443 from",
    "load-balancers list": "name status ip region",
    "vpcs list": "name region ip_range",
    "projects list": "name purpose environment",
    "certificates list": "name type state dns_names",
    "regions list": "slug name available features",
    "regions matrix --family gpu": "region gpu-4000adax1-20gb ✓",
    "regions with backups": "slug name",
    "sizes list": "slug price_monthly vcpus memory disk transfer",
    "sizes cheapest --memory 16GiB": "slug price_monthly vcpus memory_gib 84.00",
    "sizes frontier --region ams3": "slug price_monthly vcpus memory_gib",
    "databases options": "engine version num_nodes default end_of_life",
    "account": "email droplet_limit status active",
    "balance": "month_to_date_balance 678.54",
    "invoices list": "invoice_period amount 548.66",
    "cost": "group price_usd_month 949.44",
    "cost --by tag": "group price_usd_month none",
    "cost lines": "resource_type name price_usd_month",
    "cost history": "month billed_usd change_usd",
    "cost forecast": "group low_usd likely_usd high_usd billed_usd 929.13",
    "cost budget --limit 500": "group limit_usd spent_usd forecast_usd over",
    "cost changes --last 14d": "time change name usd_month",
    "cost transfer": "name sent_gib included_gib",
    "cost reconcile": "product expected_usd billed_usd difference_usd",
    "metrics use --tag web": "name cpu_p95_percent memory_p95_percent disk_used_percent",
    "rightsize": "name verdict size advised_size saving_usd_month s-2vcpu-4gb 24.00",
    "idle": "kind name why usd_month 12.00",
    "ratelimit": "limit remaining resets_at",
}


def test_the_tables_read_as_they_are_stored(desk):
    """Run with POSEIDON_UPDATE=1 to store the tables anew, and read the difference."""
    texts, missing = {}, {}
    for command, wanted in COMMANDS.items():
        result = desk.do(command)
        parts = []
        for width in WIDTHS:
            text = to_text(result, view_of(result), width=width)
            shown = text.partition("\nMore with --columns: ")[0].replace(",", " ")
            if words := {*wanted.split()} - {*shown.split()}:
                missing[command, width] = words
            assert "--columns" in command or max(map(text_width, text.splitlines())) <= width, command
            parts.append(f"{width} columns\n\n{text.replace(desk.sandbox.url, 'http://127.0.0.1:7777')}\n")
        texts["_".join(command.replace("'", "").replace("*", "").split())] = "\n".join(parts)
    assert missing == {}
    if os.environ.get("POSEIDON_UPDATE"):
        STORED.mkdir(exist_ok=True)
        for path in STORED.iterdir():
            path.unlink()
        for name, text in texts.items():
            (STORED / f"{name}.txt").write_text(text, encoding="utf-8")
    assert texts == {path.stem: path.read_text(encoding="utf-8") for path in STORED.iterdir()}
