"""Countries of addresses, from the shipped file and from none."""

from pathlib import Path

import pytest

from flexapp.gateways.geo import SHIPPED, MmdbCountries


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
