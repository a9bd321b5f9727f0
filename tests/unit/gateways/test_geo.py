"""Countries and networks of addresses, from the shipped file, from one of somebody else and from none."""

from pathlib import Path

import pytest

from flexapp.gateways.geo import SHIPPED, MmdbCountries, MmdbNetworks
from flexapp.gateways.networks import SHIPPED as SHIPPED_NETWORKS
from flexapp.gateways.networks import ListedNetworks
from tests.factories.mmdb import write_mmdb


@pytest.fixture(scope="module")
def shipped() -> MmdbCountries:
    return MmdbCountries(SHIPPED)


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("8.8.8.8", "US"),
        ("87.128.0.1", "DE"),
        ("2a02:8100::1", "DE"),
        ("127.0.0.1", ""),
        ("203.0.113.7", ""),
        ("fe80::1%eth0", ""),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_an_address_has_a_country_or_none(shipped: MmdbCountries, address: str, country: str) -> None:
    assert shipped.country_of(address) == country


def test_without_a_file_or_with_another_kind_of_file_no_country_is_known(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database")
    for name in ("missing", "text"):
        countries = MmdbCountries(tmp_path / name)
        assert countries.country_of("8.8.8.8") == ""
        assert countries.made_at() is None


def test_an_address_lies_in_a_network_whichever_way_the_file_says_it(tmp_path: Path) -> None:
    path = write_mmdb(
        tmp_path / "networks.mmdb",
        {
            "198.51.100.0/24": {"autonomous_system_number": 16509, "autonomous_system_organization": "Cloud"},
            "2001:db8:aa::/48": {"asn": "AS24940", "as_name": "Hosts"},
            "203.0.113.0/25": {"asn": "none"},
        },
    )
    networks = MmdbNetworks(path)
    assert networks.made_at() == 1_790_000_000
    addresses = (
        "198.51.100.77",
        "2001:db8:aa:1::9",
        "203.0.113.7",
        "8.8.8.8",
        "",
        "x",
    )
    assert [networks.number_of(address) for address in addresses] == [16509, 24940, 0, 0, 0, 0]
    assert MmdbNetworks(tmp_path / "missing").number_of("198.51.100.77") == 0


def test_an_address_lies_in_a_listed_network_or_in_none() -> None:
    networks = ListedNetworks(SHIPPED_NETWORKS, (16509, 24940, 396982))
    addresses = {
        "52.95.110.1": 16509,
        "::ffff:52.95.110.1": 16509,
        "88.198.0.1": 24940,
        "2a01:4f8::1": 24940,
        "34.64.0.1": 396982,
        "87.128.0.1": 0,  # Deutsche Telekom, which nobody asked for
        "203.0.113.7": 0,
        "0.0.0.0": 0,
        "::": 0,
        "fe80::1%eth0": 0,
        "": 0,
        "nonsense": 0,
    }
    assert {address: networks.number_of(address) for address in addresses} == addresses
    assert networks.made_at() == 1_781_654_400
    assert ListedNetworks(SHIPPED_NETWORKS, ()).number_of("52.95.110.1") == 0


def test_without_lists_no_network_is_known(tmp_path: Path) -> None:
    (tmp_path / "asn-ipv4-num.csv").write_text("no,list")
    networks = ListedNetworks(tmp_path, (16509,))
    assert (networks.number_of("52.95.110.1"), networks.number_of("2a01:4f8::1")) == (0, 0)
    assert networks.made_at() is None
