"""Settings come from one TOML file and VIGIE_* variables; every mistake gets one sentence."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from vigie.model.errors import SettingsError
from vigie.settings import Settings, load_settings, variables


def load(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    file = tmp_path / "vigie.toml"
    file.write_text(text)
    return load_settings(file, environ)


def test_without_a_file_and_without_variables_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(None, {"VIGIE_CONFIG": str(_empty(tmp_path))})
    assert settings.sweep.every == timedelta(hours=1)
    assert settings.store_url.startswith("sqlite:////")
    assert settings.store_url.endswith("/vigie.sqlite")


def _empty(tmp_path: Path) -> Path:
    file = tmp_path / "empty.toml"
    file.write_text("")
    return file


def test_a_variable_is_stronger_than_the_file_and_an_option_than_both(tmp_path: Path) -> None:
    file = tmp_path / "vigie.toml"
    file.write_text('data_dir = "/from/file"\n[sweep]\nthreads = 2\nprocesses = 2\n')
    environ = {"VIGIE_DATA_DIR": "/from/variable", "VIGIE_SWEEP__THREADS": "3"}
    assert load_settings(file, {}).data_dir == Path("/from/file")
    settings = load_settings(file, environ)
    assert (settings.data_dir, settings.sweep.threads, settings.sweep.processes) == (Path("/from/variable"), 3, 2)
    assert load_settings(file, environ, {"data_dir": "/from/option"}).data_dir == Path("/from/option")


def test_a_list_in_a_variable_is_comma_separated(tmp_path: Path) -> None:
    settings = load_settings(_empty(tmp_path), {"VIGIE_REGIONS": "eu-west-1, us-east-1"})
    assert settings.regions == ("eu-west-1", "us-east-1")


def test_the_database_url_of_a_team_is_the_store(tmp_path: Path) -> None:
    settings = load_settings(_empty(tmp_path), {"VIGIE_DATABASE_URL": "postgresql://vigie@db/vigie"})
    assert settings.store_url == "postgresql://vigie@db/vigie"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('regionss = ["eu-west-1"]', "There is no setting regionss .*did you mean regions"),
        ("[sweep]\nthread = 3", r"There is no setting sweep\.thread .*did you mean threads"),
        ('[[accounts]]\nid = "111122223333"\nrole = "x"', r"There is no setting accounts\[1\]\.role "),
        (
            '[evidence]\nkms_key = "alias/heads"',
            r"The setting evidence\.kms_key is wrong: 'alias/heads' is not the ARN of a key in KMS .* like arn:",
        ),
        (
            '[evidence]\nkms_key = "arn:aws:kms:eu-west-1:111122223333:alias/heads"',
            r"is not the ARN of a key in KMS \(aliases are none",
        ),
        ('regions = ["europe"]', r"The setting regions\[1\] is wrong: 'europe' is not an AWS region"),
        ('[[accounts]]\nid = "12345"', r"accounts\[1\]\.id is wrong: '12345' is not an AWS account id"),
        ('[[networks]]\nname = "hq"\ncidr = "10.0.0.0/33"', "is not a network"),
        ('[sweep]\nevery = "soon"', "'soon' is not a duration"),
        ('[web]\nlisten = "8080"', "is not an address to listen on"),
        ('organization_id = "acme"', "The setting organization_id is wrong"),
        ("regions = [", "is not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_gets_one_sentence_that_names_it(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        load(tmp_path, text)
    assert "\n" not in str(caught.value).strip()


def test_an_account_id_written_as_a_number_of_12_digits_is_taken(tmp_path: Path) -> None:
    settings = load_settings(None, {"VIGIE_CONFIG": str(_empty(tmp_path))}, {"accounts": [{"id": 111122223333}]})
    assert settings.accounts[0].id == "111122223333"


@pytest.mark.parametrize(
    ("variable", "sentence"),
    [
        ("VIGIE_SWEP__THREADS", "did you mean VIGIE_SWEEP__THREADS"),
        ("VIGIE_SWEEP", "There is no setting for the variable VIGIE_SWEEP"),
        ("VIGIE_ROUTES", "There is no setting for the variable VIGIE_ROUTES"),
    ],
)
def test_an_unknown_variable_is_an_error(tmp_path: Path, variable: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load(tmp_path, "", **{variable: "1"})


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="There is no settings file"):
        load_settings(tmp_path / "none.toml", {})
    with pytest.raises(SettingsError, match="There is no settings file"):
        load_settings(None, {"VIGIE_CONFIG": str(tmp_path / "none.toml")})


def test_a_file_that_is_a_directory_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, {})


def test_every_simple_setting_has_a_variable() -> None:
    assert {"VIGIE_DATA_DIR", "VIGIE_DATABASE_URL", "VIGIE_SWEEP__EVERY", "VIGIE_WEB__LISTEN"} <= set(variables())


def test_every_setting_says_what_it_means() -> None:
    silent = [f"{table.__name__}.{name}" for table in tables(Settings) for name in undescribed(table)]
    assert silent == []


def tables(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from tables(part)


def undescribed(model: type[BaseModel]) -> list[str]:
    def is_table(annotation: object) -> bool:
        return isinstance(annotation, type) and issubclass(annotation, BaseModel)

    return [
        name for name, field in model.model_fields.items() if not field.description and not is_table(field.annotation)
    ]


def test_paths_in_the_file_are_relative_to_it(tmp_path: Path) -> None:
    settings = load(tmp_path, 'catalogue_paths = ["overlay"]\nrules_paths = ["/abs", "~/mine"]\ndata_dir = "data"')
    assert settings.catalogue_paths == (tmp_path / "overlay",)
    assert settings.rules_paths == (Path("/abs"), Path("~/mine"))
    assert settings.data_dir == tmp_path / "data"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('regions = "eu-west-1"', "The setting regions is wrong: write a list, in brackets."),
        ("sweep = 1", "The setting sweep is wrong: write a table."),
        ('sweep = { threads = "many" }', "The setting sweep.threads is wrong: write a whole number."),
        ("sweep = { threads = 0 }", "The setting sweep.threads is wrong: it must be greater than or equal to 1."),
        ('sweep = { every = "0s" }', "The setting sweep.every is wrong: it must be longer than nothing."),
        ('sweep = { every = "9999999999d" }', "is longer than a hundred years"),
        ("accounts = [{}]", r"The setting accounts\[1\].id is wrong: it is missing."),
        (
            'log = { level = "loud" }',
            "The setting log.level is wrong: it must be 'debug', 'info', 'warning' or 'error'.",
        ),
        ("catalogue_paths = [1]", "The setting catalogue_paths"),
    ],
)
def test_a_wrong_value_is_told_in_words_for_people(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load(tmp_path, text)
