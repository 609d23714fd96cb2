"""The file of identities: what it accepts, and the errors of what it does not."""

import re
from pathlib import Path

import pytest

from pretzel.errors import PreconditionError
from pretzel.serving.identity.file import read_identities, token_hashes
from pretzel.serving.identity.roles import Patterns, Role, checked, model_of
from pretzel.serving.identity.tokens import TokenHash, id_of, new_token

TOKEN = new_token()
HASH = str(TokenHash.of(TOKEN))
ISSUER = '[[issuer]]\nissuer = "https://i"\naudience = "p"\njwks_url = "https://i/keys"\n'


def written(path: Path, text: str) -> Path:
    file = path / "identities.toml"
    file.write_text(text)
    return file


def test_roles_and_what_they_imply(tmp_path: Path):
    entry = f'[[identity]]\nname = "ada"\ntoken = "{HASH}"\ndeploy = ["team-a/*", "wine"]\npredict = ["x"]\n'
    (ada,) = read_identities(written(tmp_path, entry)).identity
    assert ada.roles[Role.DEPLOY].covers("team-a/b") and ada.roles[Role.READ].covers("wine")
    assert not ada.roles[Role.DEPLOY].covers("wines") and not ada.roles[Role.DEPLOY].covers("team-b/x")
    assert ada.roles[Role.PREDICT].names == {"x"} and Role.WORKER not in ada.roles


def test_administrators_have_all_roles_but_that_of_workers(tmp_path: Path):
    (root,) = read_identities(written(tmp_path, f'[[identity]]\nname="r"\ntoken="{HASH}"\nadminister=["*"]\n')).identity
    assert set(root.roles) == {Role.PREDICT, Role.READ, Role.DEPLOY, Role.ADMINISTER}
    assert all(patterns.covers_prefix("") for patterns in root.roles.values())


A = '[[identity]]\nname = "a"\n'
KNOWN = f'{A}token = "{HASH}"\n'
WRONG = {
    "x =": "is not TOML (",
    "": "identity: field required",
    f'{A}token = "{TOKEN}"': "identity 'a': token.0: expected sha256:ID:HASH",
    KNOWN + 'predict = ["a*b"]': "identity 'a': predict.0: 'a*b': expected a model's",
    KNOWN + 'role = "x"': "identity 'a': role: unknown key; docs/security.md lists",
    KNOWN.replace('"a"', '"system"'): "identity 'system': the audit trail uses this name; choose another",
    KNOWN * 2: "identity 'a' is there twice; names are unique",
    A + 'predict = ["*"]': "identity 'a': expected token, token_file, token_env, certificate or jwt",
    A + "certificate = {}": "certificate.0: expected common_name or alternative_name, one of them",
    A + 'jwt = {issuer = "https://i", subject = "s"}': "issuer 'https://i' has no [[issuer]]",
    f'{ISSUER}[[identity]]\nname = "a"\njwt = {{issuer = "https://i"}}': "jwt.0: expected a subject or claims",
    ISSUER.replace("https://i/keys", "http://i/keys"): "jwks_url: 'http://i/keys': expected https://",
    ISSUER + 'algorithms = ["HS256"]': "issuer 'https://i': algorithms.0: 'HS256': expected RS256, RS384",
    ISSUER + 'jwks_file = "x"': "issuer 'https://i': expected jwks_file or jwks_url, one of them",
}


@pytest.mark.parametrize("text", WRONG)
def test_errors_name_file_entry_value_and_expectation(tmp_path: Path, text: str):
    with pytest.raises(PreconditionError, match=re.escape(WRONG[text])) as raised:
        read_identities(written(tmp_path, text))
    assert f"identities: {tmp_path}/identities.toml" in str(raised.value)
    assert TOKEN not in str(raised.value) and TOKEN[-20:] not in str(raised.value)


def test_secrets_from_files_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    other = new_token()
    (tmp_path / "secret").write_text(TOKEN + "\n")
    monkeypatch.setenv("ADA_TOKEN", other)
    text = f'[[identity]]\nname = "a"\ntoken_file = "{tmp_path}/secret"\ntoken_env = "ADA_TOKEN"\n'
    (ada,) = read_identities(written(tmp_path, text)).identity
    assert {found.id for found in token_hashes(ada)} == {id_of(TOKEN), id_of(other)}
    (tmp_path / "secret").write_text("hunter2")
    with pytest.raises(PreconditionError, match="identity 'a': token_file .*secret: expected a token that") as raised:
        list(token_hashes(ada))
    assert "hunter2" not in str(raised.value)
    (tmp_path / "secret").unlink()
    with pytest.raises(PreconditionError, match="token_file .*secret: No such file"):
        list(token_hashes(ada))
    (tmp_path / "secret").write_text(TOKEN)
    monkeypatch.delenv("ADA_TOKEN")
    with pytest.raises(PreconditionError, match="identity 'a': token_env ADA_TOKEN: expected a token"):
        list(token_hashes(ada))


def test_a_missing_file(tmp_path: Path):
    with pytest.raises(PreconditionError, match="identities: .*none.toml: No such file"):
        read_identities(tmp_path / "none.toml")


def test_hashes_match_only_their_token():
    first, second = new_token(), new_token()
    found = TokenHash.parse(str(TokenHash.of(first)))
    assert found == TokenHash.of(first) and found.matches(TokenHash.of(first).digest)
    assert not found.matches(TokenHash.of(second).digest)
    for text in (first, "sha256:ab:cd", f"{HASH}0", ""):
        with pytest.raises(ValueError, match="expected sha256:ID:HASH") as raised:
            TokenHash.parse(text)
        assert not text or text not in str(raised.value)


@pytest.mark.parametrize("pattern", ["", "**", "*a", "a*b", "a b", "/a", "a" * 201, "a?", "[a]"])
def test_other_patterns_are_refused(pattern: str):
    with pytest.raises(ValueError, match="expected a model's name, or its start and a star"):
        checked(pattern)


def test_patterns_of_prefixes():
    patterns = Patterns.of(["team-a/*", "wine"])
    assert patterns.covers_prefix("team-a/x") and patterns.covers_prefix("team-a/")
    assert (
        not patterns.covers_prefix("team-a") and not patterns.covers_prefix("") and not patterns.covers_prefix("wine")
    )
    assert not Patterns() and not Patterns().covers("") and Patterns.of(["*"]).covers_prefix("")


@pytest.mark.parametrize("reference", ["m", "m@1", "m:canary", "m@1:x", "m:x@1"])
def test_the_model_of_a_reference(reference: str):
    assert model_of(reference) == "m"
