"""In-memory addresses of apps. tests/contract runs one suite on these and on SNS, so that they can't lie."""

from dataclasses import dataclass, field

from chalicelib.outreach.platforms import NotSetUp, Platform, Registered


@dataclass
class Kept:
    platform: Platform
    token: str
    owner: str
    enabled: bool = True


@dataclass
class FakeDevices:
    set_up: tuple[Platform, ...] = tuple(Platform)
    kept: dict[str, Kept] = field(default_factory=dict)
    made: int = 0

    def register(self, platform: Platform, token: str, *, owner: str, known: str | None) -> Registered:
        if platform not in self.set_up:
            raise NotSetUp(platform.value)
        has_it = next((name for name, one in self.kept.items() if (one.platform, one.token) == (platform, token)), None)
        mine = self.kept.get(known or "")
        if known and mine and (mine.platform, mine.owner) == (platform, owner) and has_it in {None, known}:
            is_new = mine != Kept(platform, token, owner)
            self.kept[known] = Kept(platform, token, owner)
            return Registered(address=known, is_new=is_new)
        if has_it and self.kept[has_it].owner != owner:
            del self.kept[has_it]
            has_it = None
        if has_it is None:
            self.made += 1
            has_it = f"arn:aws:sns:us-east-1:123456789012:endpoint/{platform}/cairn/{self.made}"
        self.kept[has_it] = Kept(platform, token, owner)
        return Registered(address=has_it, is_new=True)

    def forget(self, address: str) -> None:
        self.kept.pop(address, None)

    def disable(self, address: str) -> None:
        """Do what the platform does when an app is gone from its phone."""
        self.kept[address].enabled = False

    def token_of(self, address: str) -> str | None:
        found = self.kept.get(address)
        return found.token if found and found.enabled else None
