"""An issuer of tokens: keys of its own, and the tokens that they sign."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER, AUDIENCE = "https://login.example.org", "pretzel"


class Issuer:
    """Keys by identifier; the file has their public parts."""

    def __init__(self, file: Path) -> None:
        self.file, self.keys = file, dict[str, Any]()
        self.rotate("first")

    def rotate(self, *kids: str) -> None:
        """Publish new keys in place of all others."""
        self.keys = {kid: ec.generate_private_key(ec.SECP256R1()) for kid in kids}
        self.publish()

    def publish(self) -> None:
        published = [
            json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key())) | {"kid": kid, "use": "sig"}
            for kid, key in self.keys.items()
        ]
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps({"keys": published}))
        fresh.replace(self.file)

    def public(self, kid: str) -> bytes:
        """The public key as PEM."""
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        found: bytes = self.keys[kid].public_key().public_bytes(serialization.Encoding.PEM, kind)
        return found

    def token(self, kid: str = "first", algorithm: str = "ES256", key: Any = None, **claims: Any) -> str:
        content = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": time.time() + 600} | claims
        content = {name: value for name, value in content.items() if value is not None}
        return jwt.encode(content, self.keys[kid] if key is None else key, algorithm, headers={"kid": kid})

    @property
    def table(self) -> str:
        """The entry of the file of identities."""
        return f'[[issuer]]\nissuer = "{ISSUER}"\naudience = "{AUDIENCE}"\njwks_file = "{self.file}"\n'


def rsa_key() -> Any:
    return rsa.generate_private_key(65537, 2048)
