"""A passkey in software: what a telephone or a security key does, with a key of its own (WebAuthn level 3)."""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAG = AuthenticatorData.FLAG


class Passkey:
    """One credential. origin: the page on which it is used. verified: whether a finger or PIN was asked for."""

    def __init__(self, origin: str, *, verified: bool = True) -> None:
        self.origin, self.verified = origin, verified
        self.id = secrets.token_bytes(32)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def register(self, options: str) -> str:
        """RegistrationResponseJSON for the hub's creation options."""
        asked = json.loads(options)
        public = ES256.from_cryptography_key(self._key.public_key())
        credential = AttestedCredentialData.create(Aaguid.NONE, self.id, public)
        data = self._data(asked["rp"]["id"], FLAG.AT, credential)
        attestation = AttestationObject.create("none", data, {})
        client = self._client(CollectedClientData.TYPE.CREATE, asked["challenge"])
        return self._answer(clientDataJSON=bytes(client), attestationObject=bytes(attestation))

    def sign_in(self, options: str, *, challenge: str | None = None) -> str:
        """AuthenticationResponseJSON for the hub's request options. challenge: another one than was asked."""
        asked = json.loads(options)
        data = self._data(asked["rpId"])
        client = self._client(CollectedClientData.TYPE.GET, challenge or asked["challenge"])
        signature = self._key.sign(bytes(data) + sha256(bytes(client)).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=bytes(client), authenticatorData=bytes(data), signature=signature)

    def _data(self, rp: str, more: Any = 0, credential: AttestedCredentialData | None = None) -> AuthenticatorData:
        flags = FLAG.UP | (FLAG.UV if self.verified else 0) | more
        rp_hash = sha256(rp.encode()).digest()
        if credential is None:
            return AuthenticatorData.create(rp_hash, flags, 0)
        return AuthenticatorData.create(rp_hash, flags, 0, credential)

    def _client(self, type: Any, challenge: str) -> CollectedClientData:
        raw = urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4))
        return CollectedClientData.create(type, raw, self.origin)

    def _answer(self, **response: bytes) -> str:
        id = _b64(self.id)
        body = {name: _b64(value) for name, value in response.items()}
        return json.dumps({"id": id, "rawId": id, "type": "public-key", "response": body, "clientExtensionResults": {}})


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
