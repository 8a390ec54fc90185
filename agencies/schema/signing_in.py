"""Signing in, sessions, the keyring, the second factor, tokens of partner systems."""

from typing import Any, Final
from uuid import UUID

import graphene

from agencies import accounts, second_factor, signing_in
from agencies.access import actor_in, somebody_in
from agencies.accounts import NewAccount, NewKeyring, NewUnlock
from agencies.models import Account, Token
from agencies.models import Member as MemberRow
from agencies.models import Passkey as PasskeyRow
from agencies.scalars import Bytes, uuid_of
from agencies.schema.directory import Member, member_of
from agencies.second_factor import SecondFactor
from agencies.signing_in import Attempt
from ortoo.protocol.errors import Refused

PEOPLE: Final = ("focal_point", "administrator", "coordinator")  # neither a partner system nor a kit


class Unlock(graphene.ObjectType):
    """A way to open the keyring (docs/protocol.md, section 4)."""

    id = graphene.ID(required=True, description="The way's id.")
    method = graphene.String(required=True, description="`passphrase`, `recovery` or `passkey`.")
    sealed = Bytes(required=True, description="KK, sealed under what this way gives.")
    passkey = Bytes(description="The credential's id, where it is a passkey.")


class Keyring(graphene.ObjectType):
    """The member's own keys, sealed: the hub can open nothing of it."""

    login = graphene.String(required=True, description="The login, as the passphrase is stretched with it.")
    version = graphene.Int(required=True, description="Grows by one; a client refuses an older one than it saw.")
    sealed = Bytes(required=True, description="The sealed keyring.")
    unlocks = graphene.List(graphene.NonNull(Unlock), required=True, description="The ways to open it.")


SHOWN_ONCE = "The bearer token of the session, shown once. Empty to a browser's page, which gets it as a cookie."


class SignIn(graphene.ObjectType):
    """A session."""

    token = graphene.String(required=True, description=SHOWN_ONCE)
    expires_at = graphene.DateTime(required=True, description="When it ends at the latest.")
    device = Bytes(description="A secret to hand in next time from this device; null where it is known already.")
    member = graphene.Field(Member, required=True, description="Who signed in.")
    keyring = graphene.Field(Keyring, required=True, description="The member's sealed keys.")


class Session(graphene.ObjectType):
    """A place where one is signed in."""

    id = graphene.ID(required=True, description="The session's id.")
    name = graphene.String(required=True, description="What the device called itself.")
    created_at = graphene.DateTime(required=True, description="Since when.")
    used_at = graphene.DateTime(required=True, description="The last use, to five minutes.")
    expires_at = graphene.DateTime(description="When it ends at the latest.")
    current = graphene.Boolean(required=True, description="Whether it is the one that asks.")


class Passkey(graphene.ObjectType):
    """A passkey that can be the second factor."""

    id = Bytes(required=True, description="The credential's id.")
    name = graphene.String(required=True, description="What its owner calls it.")
    created_at = graphene.DateTime(required=True, description="Since when.")
    used_at = graphene.DateTime(description="When it was last used.")


class ApiToken(graphene.ObjectType):
    """A token of a partner system; never the token itself."""

    id = graphene.ID(required=True, description="The token's id.")
    name = graphene.String(required=True, description="What it is called.")
    member = graphene.Field(Member, required=True, description="The partner system, a member with the role `api`.")
    scopes = graphene.List(graphene.NonNull(graphene.String), required=True, description="`read`, `send`, `answer`.")
    created_at = graphene.DateTime(required=True, description="Since when.")
    used_at = graphene.DateTime(required=True, description="The last use, to five minutes.")
    expires_at = graphene.DateTime(description="When it ends.")


class LastSeen(graphene.ObjectType):
    """The day on which a member was last here."""

    member = graphene.ID(required=True, description="The member.")
    day = graphene.String(required=True, description="YYYY-MM-DD, in Asia/Ulaanbaatar.")


class NewApiToken(graphene.ObjectType):
    """A token that was just made."""

    token = graphene.String(required=True, description="The bearer token. It is shown once.")
    listed = graphene.Field(ApiToken, required=True, description="As it is listed from now on.")


class UnlockInput(graphene.InputObjectType):
    """A way to open the keyring."""

    id = graphene.UUID(required=True, description="An id that the client draws: it is bound into `sealed`.")
    method = graphene.String(required=True, description="`passphrase`, `recovery` or `passkey`.")
    sealed = Bytes(required=True, description="KK, sealed under what this way gives.")
    passkey = Bytes(description="The credential's id, where it is a passkey.")


class KeyringInput(graphene.InputObjectType):
    """A keyring under a KK of its own."""

    sealed = Bytes(required=True, description="The sealed keyring.")
    unlocks = graphene.List(graphene.NonNull(UnlockInput), required=True, description="All the ways to open it.")


class AccountInput(graphene.InputObjectType):
    """How somebody will sign in. The passphrase itself never leaves the device."""

    login = graphene.String(required=True, description="3 to 80 letters without a space; compared in lower case.")
    auth = Bytes(required=True, description="32 bytes that the client stretched from the passphrase.")
    keyring = KeyringInput(required=True, description="The keys, sealed.")
    totp = Bytes(required=True, description="The secret of the authenticator app: 20 random bytes.")
    code = graphene.String(required=True, description="The six digits that the app shows now: it took the secret.")


class SecondFactorInput(graphene.InputObjectType):
    """One of them."""

    totp = graphene.String(description="Six digits of the authenticator app.")
    recovery = graphene.String(description="A recovery code: good once.")
    passkey = graphene.String(description="The assertion (AuthenticationResponseJSON of WebAuthn level 3), as JSON.")


class Query(graphene.ObjectType):
    keyring = graphene.Field(Keyring, description="One's own sealed keys; null for a member without an account.")
    sessions = graphene.List(graphene.NonNull(Session), required=True, description="Where one is signed in.")
    passkeys = graphene.List(graphene.NonNull(Passkey), required=True, description="One's own passkeys.")
    api_tokens = graphene.List(
        graphene.NonNull(ApiToken), required=True, description="The agency's partner systems' tokens."
    )
    last_seen = graphene.List(
        graphene.NonNull(LastSeen),
        required=True,
        description="When the agency's members were last here, to the day; without whom no session tells it of.",
    )

    @staticmethod
    def resolve_keyring(root: object, info: Any) -> Keyring | None:
        account = Account.objects.filter(pk=somebody_in(info).member).first()
        return _keyring(account) if account is not None else None

    @staticmethod
    def resolve_sessions(root: object, info: Any) -> list[Session]:
        actor = somebody_in(info)
        return [_session(one, actor.token) for one in signing_in.sessions_of(actor)]

    @staticmethod
    def resolve_passkeys(root: object, info: Any) -> list[Passkey]:
        rows = PasskeyRow.objects.filter(account=somebody_in(info).member).order_by("created_at")
        return [_passkey(one) for one in rows]

    @staticmethod
    def resolve_api_tokens(root: object, info: Any) -> list[ApiToken]:
        actor = actor_in(info, "administrator")
        return [_api_token(one) for one in signing_in.api_tokens_of(actor.agency)]

    @staticmethod
    def resolve_last_seen(root: object, info: Any) -> list[LastSeen]:
        seen = signing_in.last_seen(actor_in(info, "administrator").agency)
        return [LastSeen(member=member, day=day.isoformat()) for member, day in seen]


class BeginPasskeySignIn(graphene.Mutation):
    """Begin signing in with a passkey: WebAuthn request options, the same for everybody."""

    Output = graphene.NonNull(graphene.String)

    @staticmethod
    def mutate(root: object, info: Any) -> str:
        return second_factor.begin_assertion(info.context.address)


class SignInMutation(graphene.Mutation):
    """Sign in with passphrase and second factor. Whatever is wrong, the answer is `sign_in_refused`; too many tries are
    `throttled`, with the seconds to wait in `after`.
    """

    class Arguments:
        login = graphene.String(required=True, description="The login.")
        auth = Bytes(required=True, description="32 bytes that the client stretched from the passphrase.")
        second = SecondFactorInput(required=True, description="The second factor.")
        device = Bytes(description="The secret that this device was given when it signed in before.")
        name = graphene.String(description="What to call this device in the list of sessions.")

    Output = graphene.NonNull(SignIn)

    @staticmethod
    def mutate(root: object, info: Any, login: str, auth: bytes, second: Any, **more: Any) -> SignIn:
        factor = SecondFactor(**{name: second.get(name) for name in ("totp", "recovery", "passkey")})
        attempt = Attempt(
            login, auth, factor, info.context.address, device=more.get("device"), name=more.get("name") or ""
        )
        done = signing_in.sign_in(attempt)
        return SignIn(
            token=info.context.session.give(str(done.account.member.pk), done.token, done.expires_at),
            expires_at=done.expires_at,
            device=done.device,
            member=member_of(done.account.member),
            keyring=_keyring(done.account),
        )


class NewChallenge(graphene.Mutation):
    """A challenge for a key to sign: that of a recovery kit, or of a coordinator. It is good once, for five minutes."""

    Output = graphene.NonNull(Bytes)

    @staticmethod
    def mutate(root: object, info: Any) -> bytes:
        return second_factor.new_challenge(info.context.address)


class KitSignIn(graphene.Mutation):
    """Sign in with a recovery kit, for an hour. It lets people in and signs a roster. Gives the bearer token; to a
    browser's page an empty text, and the token as a cookie.
    """

    class Arguments:
        member = graphene.ID(required=True, description="The kit's member id.")
        challenge = Bytes(required=True, description="The challenge that was given out.")
        proof = Bytes(
            required=True, description="Ed25519 of ctx('kit-sign-in', network, member, challenge) by the kit's key."
        )

    Output = graphene.NonNull(graphene.String)

    @staticmethod
    def mutate(root: object, info: Any, member: str, challenge: bytes, proof: bytes) -> str:
        id = _id(member)
        token, expires_at = signing_in.sign_in_with_kit(id, challenge, proof, info.context.address)
        given: str = info.context.session.give(id, token, expires_at)
        return given


class ProveSignatory(graphene.Mutation):
    """Prove a coordinator's key, which the network names: from now on, in this session, one may see and hand in what
    coordinators sign.
    """

    class Arguments:
        challenge = Bytes(required=True, description="The challenge that was given out.")
        proof = Bytes(
            required=True,
            description="Ed25519 of ctx('coordinator-proof', network, member, challenge) by the coordinator's key.",
        )

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, challenge: bytes, proof: bytes) -> bool:
        signing_in.prove_signatory(somebody_in(info), challenge, proof)
        return True


def _id(text: str) -> str:
    """An id of the form of ids; another one is that of nobody."""
    try:
        return str(UUID(text))
    except ValueError:
        return str(UUID(int=0))


class SignOut(graphene.Mutation):
    """End this session."""

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any) -> bool:
        signing_in.sign_out(somebody_in(info))
        info.context.session.end()
        return True


class EndSession(graphene.Mutation):
    """End one of one's own sessions. Its sockets are closed at once."""

    class Arguments:
        id = graphene.ID(required=True, description="The session's id.")

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, id: str) -> bool:
        signing_in.end_session(somebody_in(info), uuid_of(id))
        return True


class SetUpAccount(graphene.Mutation):
    """Have an account: for a member of the roster whose keys were made elsewhere, as in the practice network. Gives ten
    recovery codes, shown once. `id_reused` where the member has one.
    """

    class Arguments:
        account = AccountInput(required=True, description="How the member will sign in.")

    Output = graphene.NonNull(graphene.List(graphene.NonNull(graphene.String)))

    @staticmethod
    def mutate(root: object, info: Any, account: Any) -> list[str]:
        actor = actor_in(info, *PEOPLE)
        _, recovery_codes = accounts.set_up(MemberRow.objects.get(pk=actor.member), new_account(account))
        return recovery_codes


class SaveKeyring(graphene.Mutation):
    """Save the keyring under the same KK. `head_moved` where another device was quicker."""

    class Arguments:
        sealed = Bytes(required=True, description="The sealed keyring.")
        version = graphene.Int(required=True, description="The version before, plus one.")

    Output = graphene.NonNull(Keyring)

    @staticmethod
    def mutate(root: object, info: Any, sealed: bytes, version: int) -> Keyring:
        account = _own_account(info)
        accounts.save_keyring(account, sealed, version)
        account.refresh_from_db()
        return _keyring(account)


class ChangePassphrase(graphene.Mutation):
    """Change the passphrase, or the ways to open the keyring: under a new KK. All other sessions end. `head_moved` if
    another device saved the keyring meanwhile.
    """

    class Arguments:
        auth = Bytes(required=True, description="What the present passphrase gives.")
        new_auth = Bytes(required=True, description="What the new one gives.")
        keyring = KeyringInput(required=True, description="The keys under a new KK, with all the ways to open it.")
        version = graphene.Int(
            required=True, description="The keyring's version before, plus one: it is sealed for it."
        )

    Output = graphene.NonNull(Keyring)

    @staticmethod
    def mutate(root: object, info: Any, auth: bytes, new_auth: bytes, keyring: Any, version: int) -> Keyring:
        account = _own_account(info)
        accounts.change(account, auth, new_auth, new_keyring(keyring), version)
        actor = somebody_in(info)
        others = Token.objects.filter(member=account.pk, kind=Token.Kind.SESSION).exclude(hash=actor.token)
        signing_in.end(others)
        account.refresh_from_db()
        return _keyring(account)


class ChangeAuthenticator(graphene.Mutation):
    """Take another authenticator app, proven by its code. The one before is void."""

    class Arguments:
        auth = Bytes(required=True, description="What the passphrase gives.")
        totp = Bytes(required=True, description="The new secret: 20 random bytes.")
        code = graphene.String(required=True, description="The six digits that the app shows now.")

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, auth: bytes, totp: bytes, code: str) -> bool:
        accounts.change_totp(_own_account(info), auth, totp, code)
        return True


class NewRecoveryCodes(graphene.Mutation):
    """Ten fresh recovery codes; the ones before are void. They are shown once."""

    class Arguments:
        auth = Bytes(required=True, description="What the passphrase gives.")

    Output = graphene.NonNull(graphene.List(graphene.NonNull(graphene.String)))

    @staticmethod
    def mutate(root: object, info: Any, auth: bytes) -> list[str]:
        return accounts.new_recovery_codes(_own_account(info), auth)


class BeginPasskey(graphene.Mutation):
    """Begin adding a passkey: WebAuthn creation options, as JSON."""

    class Arguments:
        auth = Bytes(required=True, description="What the passphrase gives.")

    Output = graphene.NonNull(graphene.String)

    @staticmethod
    def mutate(root: object, info: Any, auth: bytes) -> str:
        account = _own_account(info)
        accounts.check_passphrase(account, auth)
        return second_factor.begin_registration(account)


class AddPasskey(graphene.Mutation):
    """Add the passkey that the authenticator made for options of `beginPasskey`; and the way to open the keyring by it,
    if it has PRF.
    """

    class Arguments:
        response = graphene.String(required=True, description="RegistrationResponseJSON of WebAuthn level 3, as JSON.")
        name = graphene.String(required=True, description="What to call it.")
        unlock = UnlockInput(description="KK, sealed under what the passkey gives; null: it is a second factor only.")

    Output = graphene.NonNull(Passkey)

    @staticmethod
    def mutate(root: object, info: Any, response: str, name: str, unlock: Any = None) -> Passkey:
        way = _new_unlock(unlock) if unlock is not None else None
        return _passkey(accounts.add_passkey(_own_account(info), response, name[:80], way))


class RemovePasskey(graphene.Mutation):
    """Remove a passkey, and the way to open the keyring that belongs to it. Then change the passphrase: only that draws
    a new KK.
    """

    class Arguments:
        id = Bytes(required=True, description="The credential's id.")
        auth = Bytes(required=True, description="What the passphrase gives.")

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, id: bytes, auth: bytes) -> bool:
        account = _own_account(info)
        accounts.check_passphrase(account, auth)
        if not PasskeyRow.objects.filter(account=account, pk=id).delete()[0]:
            raise Refused("not_found")
        return True


class IssueApiToken(graphene.Mutation):
    """A token for a partner system. The ones before stay good until they are revoked or run out."""

    class Arguments:
        member = graphene.ID(required=True, description="The partner system: a member with the role `api`.")
        name = graphene.String(required=True, description="What to call it.")
        scopes = graphene.List(
            graphene.NonNull(graphene.String), required=True, description="Some of `read`, `send`, `answer`."
        )
        days = graphene.Int(required=True, description="For how many days, at most 366.")

    Output = graphene.NonNull(NewApiToken)

    @staticmethod
    def mutate(root: object, info: Any, member: str, name: str, scopes: list[str], days: int) -> NewApiToken:
        actor = actor_in(info, "administrator")
        token, row = signing_in.issue_api_token(actor.agency, member, name=name, scopes=scopes, days=days)
        return NewApiToken(token=token, listed=_api_token(row))


class RevokeApiToken(graphene.Mutation):
    """From now on nobody is served for it."""

    class Arguments:
        id = graphene.ID(required=True, description="The token's id.")

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, id: str) -> bool:
        signing_in.revoke_api_token(actor_in(info, "administrator").agency, uuid_of(id))
        return True


class Mutation(graphene.ObjectType):
    begin_passkey_sign_in = BeginPasskeySignIn.Field()
    sign_in = SignInMutation.Field()
    new_challenge = NewChallenge.Field()
    kit_sign_in = KitSignIn.Field()
    prove_signatory = ProveSignatory.Field()
    sign_out = SignOut.Field()
    end_session = EndSession.Field()
    set_up_account = SetUpAccount.Field()
    save_keyring = SaveKeyring.Field()
    change_passphrase = ChangePassphrase.Field()
    change_authenticator = ChangeAuthenticator.Field()
    new_recovery_codes = NewRecoveryCodes.Field()
    begin_passkey = BeginPasskey.Field()
    add_passkey = AddPasskey.Field()
    remove_passkey = RemovePasskey.Field()
    issue_api_token = IssueApiToken.Field()
    revoke_api_token = RevokeApiToken.Field()


def new_account(given: Any) -> NewAccount:
    return NewAccount(given["login"], given["auth"], new_keyring(given["keyring"]), given["totp"], given["code"])


def new_keyring(given: Any) -> NewKeyring:
    return NewKeyring(given["sealed"], [_new_unlock(one) for one in given["unlocks"]])


def _new_unlock(given: Any) -> NewUnlock:
    return NewUnlock(given["id"], given["method"], given["sealed"], given.get("passkey"))


def _own_account(info: Any) -> Account:
    account = Account.objects.filter(pk=somebody_in(info).member).first()
    if account is None:
        raise Refused("not_found", "You have no account to sign in with.")
    return account


def _keyring(account: Account) -> Keyring:
    return Keyring(
        login=account.login,
        version=account.keyring_version,
        sealed=bytes(account.keyring),
        unlocks=[
            Unlock(
                id=str(one.pk),
                method=one.method,
                sealed=bytes(one.sealed),
                passkey=bytes(one.passkey_id) if one.passkey_id is not None else None,
            )
            for one in account.unlocks.order_by("pk")
        ],
    )


def _session(row: Token, current: bytes) -> Session:
    return Session(
        id=str(row.id),
        name=row.name,
        created_at=row.created_at,
        used_at=row.used_at,
        expires_at=row.expires_at,
        current=bytes(row.pk) == current,
    )


def _passkey(row: PasskeyRow) -> Passkey:
    return Passkey(id=bytes(row.pk), name=row.name, created_at=row.created_at, used_at=row.used_at)


def _api_token(row: Token) -> ApiToken:
    return ApiToken(
        id=str(row.id),
        name=row.name,
        member=member_of(row.member),
        scopes=row.scopes,
        created_at=row.created_at,
        used_at=row.used_at,
        expires_at=row.expires_at,
    )
