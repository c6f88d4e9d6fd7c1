"""`make token`: print a valid access token for a role, or for a person: of the roster, or enrolled since."""

import argparse

from infra.local import oracle
from infra.local.api import Api
from infra.local.people import OPERATOR, PROGRAMMES, ROLES, SignIns, address_of, sign_ins
from infra.local.places import endpoints


def main() -> None:
    """Make the sign-in if need be, and print its token alone, so that it can be used as $(make token)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--role", choices=ROLES)
    parser.add_argument("--programme", default=PROGRAMMES[0], choices=PROGRAMMES)
    parser.add_argument("--person")
    asked = parser.parse_args()
    found = endpoints()
    pool = sign_ins(found)
    if asked.person:
        operator = Api(found["api"], pool.token(OPERATOR))
        print(_token_of(asked.person, asked.role or "participant", pool, operator))
        return
    address = address_of(asked.role or "clinician", asked.programme)
    pool.make(address, programme=asked.programme, role=asked.role or "clinician")
    print(pool.token(address))


def _token_of(external_id: str, role: str, pool: SignIns, operator: Api) -> str:
    """Return a token of whoever has this external id, tied to their record; roles add up."""
    email = next((row["email"] for row in oracle.rows() if row["external_id"] == external_id), None)
    email = email or f"{external_id}@people.cairn.example".lower()
    for programme in PROGRAMMES:
        for person in operator.people(programme):
            if person["externalId"] == external_id:
                pool.make(email, programme=programme, role=role)
                operator.call("PUT", f"/people/{person['personId']}/sign-in", {"subject": pool.subject(email)})
                return pool.token(email)
    raise SystemExit(
        f"nobody has the external id {external_id}; 11 of the roster's rows were refused (infra/local/data/README.md)"
    )


if __name__ == "__main__":
    main()
