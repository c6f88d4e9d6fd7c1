"""`make token`: print a valid access token for a role, or for a person of the roster."""

import argparse

from infra.local import oracle
from infra.local.api import Api
from infra.local.devices import sign_in_as
from infra.local.people import OPERATOR, PROGRAMMES, ROLES, address_of, sign_ins
from infra.local.places import endpoints


def main() -> None:
    """Make the sign-in if need be, and print its token alone, so that it can be used as $(make token)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--role", default="clinician", choices=ROLES)
    parser.add_argument("--programme", default=PROGRAMMES[0], choices=PROGRAMMES)
    parser.add_argument("--person")
    asked = parser.parse_args()
    found = endpoints()
    pool = sign_ins(found)
    if asked.person:
        row = next((row for row in oracle.rows() if row["external_id"] == asked.person), None)
        if row is None:
            raise SystemExit(f"nobody on the roster has the external id {asked.person}")
        operator = Api(found["api"], pool.token(OPERATOR))
        people = {person["externalId"]: person["personId"] for person in operator.people(row["programme"])}
        person = people.get(asked.person)
        if person is None:
            raise SystemExit(
                f"{asked.person} is one of the roster's rows that were refused (infra/local/data/README.md)"
            )
        print(sign_in_as(pool, operator, row, person))
        return
    address = address_of(asked.role, asked.programme)
    pool.make(address, programme=asked.programme, role=asked.role)
    print(pool.token(address))


if __name__ == "__main__":
    main()
