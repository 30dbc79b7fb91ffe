"""The settings of a profile: set what the defaults get wrong, leave alone what the user has set."""

from pathlib import Path

import pytest
from aiida.manage.caching import get_use_cache
from aiida.manage.configuration import Profile
from aiida.manage.configuration.config import Config

from aiida_gbml.cli.profile import ensure_profile, ensure_settings, uncached


def test_an_existing_profile_is_used(aiida_config_tmp: Config, aiida_profile_tmp: Profile) -> None:
    finding = ensure_profile("another")
    assert finding.status == "ok"
    assert f"'{aiida_profile_tmp.name}'" in finding.text
    assert aiida_config_tmp.profile_names == [aiida_profile_tmp.name]


def test_settings_are_made_once(aiida_config_tmp: Config, aiida_profile_tmp: Profile) -> None:
    assert ensure_settings(aiida_profile_tmp, None).status == "made"
    assert aiida_config_tmp.get_option("daemon.timeout", scope=aiida_profile_tmp.name) == 60
    content = Path(aiida_config_tmp.filepath).read_text()
    assert ensure_settings(aiida_profile_tmp, None).status == "ok"
    assert Path(aiida_config_tmp.filepath).read_text() == content


@pytest.mark.parametrize("of_all_profiles", [True, False])
def test_what_the_user_has_set_stays(
    of_all_profiles: bool, aiida_config_tmp: Config, aiida_profile_tmp: Profile
) -> None:
    scope = None if of_all_profiles else aiida_profile_tmp.name
    aiida_config_tmp.set_option("daemon.timeout", 5, scope=scope)
    aiida_config_tmp.set_option("caching.enabled_for", ["aiida.calculations:core.*"], scope=scope)
    ensure_settings(aiida_profile_tmp, None)
    options = aiida_config_tmp.get_options(aiida_profile_tmp.name)
    assert options["daemon.timeout"][2] == 5
    assert "aiida.calculations:core.*" in options["caching.enabled_for"][2]


def test_the_number_of_workers_is_set_when_asked_for(aiida_config_tmp: Config, aiida_profile_tmp: Profile) -> None:
    ensure_settings(aiida_profile_tmp, None)
    finding = ensure_settings(aiida_profile_tmp, 3)
    assert (finding.status, finding.text) == ("made", "daemon.default_workers = 3")
    assert ensure_settings(aiida_profile_tmp, 3).status == "ok"


def test_our_processes_and_pw_are_cached(aiida_profile_tmp: Profile) -> None:
    assert uncached(aiida_profile_tmp)
    ensure_settings(aiida_profile_tmp, None)
    assert not uncached(aiida_profile_tmp)
    assert get_use_cache(identifier="aiida.calculations:gbml.lammps")
    assert get_use_cache(identifier="aiida.calculations:quantumespresso.pw")
    assert not get_use_cache(identifier="aiida.calculations:core.arithmetic.add")
