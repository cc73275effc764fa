"""What stands around ECS: logs, images, the web and alarms, each as the script says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deploytool.ecs.model import LogStream, Target, TargetGroup
from deploytool.errors import DeployError
from deploytool.release.model import HttpResponse, ImageChoice, NoResponse, PublishedImage
from deploytool.release.ports import LineWriter
from tests.support.fake_ecs.clock import VirtualClock


@dataclass
class ModelLogs:
    """Port ``release.ports.Logs``: lines by log group, there from the beginning."""

    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def follow(self, place: LogStream) -> _Reader:
        """A reader of the whole group."""
        return _Reader(self.lines.get(place.group, ()))

    def tail(self, place: LogStream, lines: int) -> tuple[str, ...]:
        """The last of them."""
        return self.lines.get(place.group, ())[-lines:]


@dataclass
class _Reader:
    left: tuple[str, ...]

    def read(self) -> tuple[str, ...]:
        """Everything once."""
        lines, self.left = self.left, ()
        return lines


@dataclass
class ModelBuilder:
    """Port ``release.ports.Builder``: a digest per image, unless the script says otherwise."""

    platforms: tuple[str, ...] = ("linux/amd64",)
    fails: DeployError | None = None
    refuses: DeployError | None = None
    built: list[str] = field(default_factory=list)
    keeps_tags: DeployError | None = None
    gated: list[str] = field(default_factory=list)
    tagged: list[str] = field(default_factory=list)

    def build(self, image: ImageChoice, write_line: LineWriter) -> PublishedImage:
        """Build and push."""
        if self.fails:
            raise self.fails
        write_line(f"building {image.name}")
        self.built.append(image.name)
        return PublishedImage(f"sha256:{image.name:0>64}", self.platforms)

    def gate(self, image: ImageChoice, digest: str, write_line: LineWriter) -> None:
        """The scan's verdict."""
        self.gated.append(image.name)
        if self.refuses:
            raise self.refuses

    def tag(self, image: ImageChoice, digest: str) -> None:
        """Move the further tags."""
        if self.keeps_tags:
            raise self.keeps_tags
        self.tagged += [f"{image.pinned(digest)} {tag}" for tag in image.also_tags]


@dataclass
class ModelCommands:
    """Port ``release.ports.Commands``: every command ends at once, with this exit code."""

    code: int = 0
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, command: Sequence[str], *_: object) -> int:
        """Run it."""
        self.ran.append(tuple(command))
        return self.code


@dataclass
class ModelWeb:
    """Port ``release.ports.Web``."""

    answer: Callable[[str], HttpResponse | NoResponse]
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, timeout: float) -> HttpResponse | NoResponse:
        """One GET."""
        self.asked.append(url)
        return self.answer(url)


@dataclass
class ModelAlarms:
    """Port ``release.ports.Alarms``: all of them ring from ``from_second`` on."""

    clock: VirtualClock
    from_second: float | None = None

    def ringing(self, names: Sequence[str]) -> tuple[str, ...]:
        """In state ALARM."""
        return tuple(names) if self.from_second is not None and self.clock.now >= self.from_second else ()


@dataclass
class ModelTargetGroups:
    """Port ``release.ports.TargetGroups``."""

    checks: TargetGroup = field(default_factory=lambda: TargetGroup("arn:aws:elasticloadbalancing:tg"))
    health: tuple[Target, ...] = ()
    denied: dict[str, DeployError] = field(default_factory=dict)
    """What an operation raises."""
    asked: list[str] = field(default_factory=list)

    def group(self, arn: str) -> TargetGroup:
        """DescribeTargetGroups."""
        self._ask("DescribeTargetGroups", arn)
        return self.checks

    def targets(self, arn: str) -> tuple[Target, ...]:
        """DescribeTargetHealth."""
        self._ask("DescribeTargetHealth", arn)
        return self.health

    def _ask(self, operation: str, arn: str) -> None:
        self.asked.append(f"{operation} {arn}")
        if operation in self.denied:
            raise self.denied[operation]
