"""Commits as people and programs make them: every question that the product asks git has an answer."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from deploytool import git_command
from deploytool.deploy import git
from deploytool.errors import ConfigurationError
from deploytool.github.comments import named_in
from deploytool.release.model import Commit
from deploytool.sandbox.github.repository import GitCheckout
from tests.unit.deploy.odd_repository import NOON, Repository, repository

OTHER = "a" * 40
SIGNATURE = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n"
SEPARATORS = ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\r", "\x85", "\u2028", "\u2029"]
MESSAGES = {
    "none": (b"", b"", ""),
    "only line ends": (b"\n\n\n", b"", ""),
    "only blanks": (b"  \t \n", b"", ""),
    "not UTF-8": (b"Caf\xe9 \xff\xfe", b"", "Caf\ufffd \ufffd\ufffd"),
    "half a character": (b"Caf\xc3", b"", "Caf\ufffd"),
    "latin-1, declared": (b"Caf\xe9", b"encoding ISO-8859-1\n", "Café"),
    "an encoding that nobody knows": (b"Caf\xe9", b"encoding klingon\n", "Caf\ufffd"),
    "signed": (b"Signed (#7)", SIGNATURE, "Signed (#7)"),
    "two lines": (b"One\ntwo\n\nbody (#7)\n", b"", "One two"),
    "escape sequences": (b"\x1b[2J\x1b]0;x\x07Red", b"", "Red"),
    "a NUL": (b"Before\0after", b"", "Before"),
    "writing direction": ("a\u202eb".encode(), b"", "ab"),
    "endless": (b"x" * 1_000_000, b"", "x" * (git.LONGEST_SUBJECT - 1) + "…"),
    "a line of rev-list": (b"x\n\ncommit " + OTHER.encode(), b"", "x"),
    "options": (b"--output=/tmp/x %H %x00 %n", b"", "--output=/tmp/x %H %x00 %n"),
    **{f"separator {each!r}": (f"Fix{each}{OTHER} x (#7)".encode(), b"", None) for each in SEPARATORS},
}
DATES = {
    "in the year 10000": (b"253402300800 +0000", None),
    "in the last second of 9999": (b"253402300799 -1200", None),
    "before 1970": (b"-5 +0000", None),
    "beyond all counting": (b"9" * 30 + b" +0000", None),
    "of 63 bits": (b"9223372036854775807 +0000", None),
    "missing": (b"", None),
    "of words": (b"yesterday +0000", None),
    "without zone": (b"1700000000", None),
    "in 1970": (b"0 +0000", "1970-01-01T00:00:00+00:00"),
    "with an absurd zone": (b"1700000000 +9999", "2023-11-14T22:13:20+00:00"),
    "with an endless zone": (b"1700000000 -9999999999999", "2023-11-14T22:13:20+00:00"),
    "with a zone of 90 minutes": (b"1700000000 +0090", "2023-11-14T22:13:20+00:00"),
    "with a short zone": (b"1700000000 +1", "2023-11-14T22:14:20+00:01"),
    "far west": (b"1700000000 -2359", "2023-11-13T22:14:20-23:59"),
    "as usual": (NOON, "2023-11-14T23:13:20+01:00"),
}
NAMES = [
    b"new\nline", b'quo"te', b"tab\there", b"n\xe9t", b"-rf", b"--output=x", b" blank ", b"nel\xc2\x85",
    b"\xe2\x80\xa8", b"\x1b[2J", b"back\\slash", b"a -> b", b"\xff\xfe", b"M  faked",
]  # fmt: skip


@pytest.fixture
def odd(tmp_path: Path) -> Repository:
    return repository(tmp_path / "odd")


@pytest.mark.parametrize("case", MESSAGES)
def test_a_commit_is_read_and_no_other_appears_when_its_message_is_odd(odd: Repository, case: str) -> None:
    message, header, subject = MESSAGES[case]
    first = odd.commit(b"First")
    second = odd.commit(message, header=header, parent=first)
    last = odd.commit(b"Last", parent=second, to="main")
    read = git.commit(odd.root, second)
    assert read.sha == second
    assert read.subject == (f"Fix {OTHER} x (#7)" if subject is None else subject)
    assert read.subject.isprintable()
    assert read.committed_at == datetime.fromtimestamp(1700000000, UTC)
    listed = git.between(odd.root, first, "main")
    assert [each.sha for each in listed] == [last, second]
    assert listed[1].subject == read.subject
    assert OTHER not in [each.sha for each in listed]
    shown = GitCheckout(odd.root).commit(second)
    assert shown is not None
    assert (shown.sha, GitCheckout(odd.root).between(first, "main")) == (second, (second, last))


@pytest.mark.parametrize("case", DATES)
def test_a_commit_is_read_with_its_date_or_none_when_the_date_is_odd(odd: Repository, case: str) -> None:
    written, expected = DATES[case]
    first = odd.commit(b"First")
    sha = odd.commit(b"Odd (#7)", date=written, parent=first, to="main")
    read = git.commit(odd.root)
    assert (read.sha, read.subject, named_in(read.subject)) == (sha, "Odd (#7)", 7)
    assert (read.committed_at.isoformat() if read.committed_at else None) == expected
    assert git.between(odd.root, first, sha)[0].committed_at == read.committed_at
    shown = GitCheckout(odd.root).commit(sha)
    assert shown is not None
    assert datetime.fromisoformat(shown.committed_at).tzinfo


def test_new_files_have_whole_names_when_the_names_are_odd(odd: Repository) -> None:
    first = odd.commit(b"First")
    odd.commit(b"Files", tree=odd.tree(*NAMES), parent=first, to="main")
    expected = sorted(name.decode("utf-8", "replace") for name in NAMES)
    assert sorted(git.added(odd.root, first, "main")) == expected
    assert GitCheckout(odd.root).changes(first, "main") == (len(NAMES), 0, 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_file_is_named_on_one_line_when_its_name_is_odd(odd: Repository, name: bytes) -> None:
    sha = odd.commit(b"Files", tree=odd.tree(name, b"other"), to="main")
    odd.git("reset", "-q", "--hard")
    assert git.checkout(odd.root).changed == ()
    (odd.root / os.fsdecode(name)).write_text("changed")
    tree = git.checkout(odd.root)
    assert len(tree.changed) == 1
    assert tree.changed[0].isprintable()
    with pytest.raises(git.DirtyTree) as dirty:
        git.require_clean(tree, Commit(sha))
    assert "\n" not in dirty.value.cause


@pytest.mark.parametrize(
    "settings",
    ["log.showSignature=true log.decorate=full log.follow=true log.date=relative format.pretty=raw log.mailmap=true",
     "log.showRoot=false log.diffMerges=on color.ui=always color.status=always column.ui=always tag.sort=-refname",
     "diff.noprefix=true diff.mnemonicPrefix=true diff.renames=copies diff.relative=true diff.external=false",
     "diff.orderFile=/nowhere diff.noprefix=true", "i18n.logOutputEncoding=UTF-16", "i18n.commitEncoding=latin1",
     "status.short=true status.branch=true status.showStash=true status.relativePaths=true core.quotePath=true",
     "status.submoduleSummary=true status.showUntrackedFiles=all", "core.abbrev=4", "core.abbrev=no",
     "core.pager=false pager.log=true pager.status=true"],
)  # fmt: skip
def test_git_says_the_same_when_it_is_configured_otherwise(odd: Repository, settings: str) -> None:
    first = odd.commit("Erst ü".encode(), tree=odd.tree(b"a"))
    last = odd.commit(
        "Grün (#7)".encode(), header=SIGNATURE, parent=first, tree=odd.tree(b"a", "ü".encode()), to="main"
    )
    odd.git("tag", "v1")
    odd.git("tag", "v2")
    odd.git("reset", "-q", "--hard")
    (odd.root / "a").write_text("changed")
    (odd.root / "untracked").write_text("")
    for setting in settings.split():
        odd.git("config", *setting.split("=", 1))
    when = datetime.fromtimestamp(1700000000, UTC)
    assert git.commit(odd.root) == Commit(last, "Grün (#7)", when)
    assert git.between(odd.root, first, last) == (Commit(last, "Grün (#7)", when),)
    assert git.added(odd.root, first, last) == ("ü",)
    assert git.checkout(odd.root) == git.Checkout(odd.root, last, ("a",))
    assert git.head_and_tags(odd.root) == (last, frozenset({"v1", "v2"}))


def test_the_commit_is_the_one_that_was_pushed_when_a_replace_ref_or_a_graft_names_another(odd: Repository) -> None:
    first, other = odd.commit(b"First", to="main"), odd.commit(b"Replaced (#8)")
    last = odd.commit(b"Last", parent=first, to="main")
    odd.git("replace", last, other)
    (odd.root / ".git" / "info" / "grafts").write_text(f"{last} {other}\n")
    assert git.commit(odd.root).subject == "Last"
    assert [each.sha for each in git.between(odd.root, first, "main")] == [last]


def test_hashes_are_whole_when_they_are_of_sha256(tmp_path: Path) -> None:
    made = repository(tmp_path, "--object-format=sha256")
    first = made.commit(b"First")
    last = made.commit(b"Last", parent=first, tree=made.tree(b"new"), to="main")
    assert len(last) == 64
    assert git.commit(tmp_path, last[:12]).sha == last
    assert [each.sha for each in git.between(tmp_path, first, last)] == [last]
    assert git.added(tmp_path, first, last) == ("new",)


@pytest.mark.parametrize("kind", ["refs/tags", "refs/heads"])
@pytest.mark.parametrize("digits", [4, 7, 12, 39])
def test_a_short_hash_is_refused_when_a_branch_or_tag_of_that_name_leads_elsewhere(
    odd: Repository, kind: str, digits: int
) -> None:
    wanted, other = odd.commit(b"Wanted", to="main"), odd.commit(b"Other")
    odd.git("update-ref", f"{kind}/{wanted[:digits]}", other)
    with pytest.raises(ConfigurationError, match="the name of a branch or tag, and the beginning of another commit"):
        git.commit(odd.root, wanted[:digits])
    assert git.commit(odd.root, wanted).sha == wanted


def test_a_whole_hash_is_that_commit_when_a_branch_has_its_name(odd: Repository) -> None:
    wanted, other = odd.commit(b"Wanted", to="main"), odd.commit(b"Other")
    odd.git("update-ref", f"refs/heads/{wanted}", other)
    assert git.commit(odd.root, wanted).sha == wanted


def test_a_branch_of_digits_is_that_branch_when_no_commit_begins_so(odd: Repository) -> None:
    sha = odd.commit(b"First", to="main")
    name = "20261130" if not sha.startswith("20261130") else "20261129"
    odd.git("update-ref", f"refs/heads/{name}", sha)
    assert git.commit(odd.root, name).sha == sha


@pytest.mark.parametrize(
    "revision", ["", "-v", "--all", "--output=x", "--help", "main..main", "^main", "\udcff", "a\nb"]
)
def test_there_is_no_commit_when_the_revision_is_an_option_a_range_or_no_text(odd: Repository, revision: str) -> None:
    odd.commit(b"First", to="main")
    with pytest.raises(ConfigurationError, match="there is no commit") as told:
        git.commit(odd.root, revision)
    assert told.value.cause.encode("utf-8")
    assert git.between(odd.root, revision, "main") == ()
    assert git.added(odd.root, revision, "main") == ()
    assert sorted(path.name for path in odd.root.iterdir()) == [".git"]


def test_branches_and_tags_are_told_whole_when_their_names_are_odd(odd: Repository) -> None:
    sha = odd.commit(b"First", to="main")
    odd.git("update-ref", "refs/heads/origin", sha)
    odd.git("update-ref", "refs/remotes/origin/-x/ü\u2028", sha)
    odd.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/-x/ü\u2028")
    odd.git("update-ref", "refs/tags/--v1\u2028é", sha)
    assert git.default_branch(odd.root) == "-x/ü\u2028"
    assert git.head_and_tags(odd.root) == (sha, frozenset({"--v1\u2028é"}))


def test_the_checkout_is_read_when_it_is_detached_linked_or_shallow(odd: Repository, tmp_path: Path) -> None:
    first = odd.commit(b"First", to="main")
    last = odd.commit(b"Last", parent=first, to="main")
    bare, linked, shallow = tmp_path / "bare", tmp_path / "line\nend\n", tmp_path / "shallow"
    odd.git("clone", "-q", "--bare", str(odd.root), str(bare))
    Repository(bare).git("worktree", "add", "-q", "--detach", str(linked), first)
    odd.git("clone", "-q", "--depth=1", f"file://{odd.root}", str(shallow))
    assert git.checkout(linked) == git.Checkout(linked, first, ())
    assert git.top(linked) == linked
    assert git.default_branch(shallow) == "main"
    assert git.checkout(shallow).head == last
    assert git.between(shallow, first, last) == ()
    with pytest.raises(ConfigurationError, match="bare repository"):
        git.checkout(bare)


@pytest.mark.parametrize("ignore", ["", "all", "dirty", "untracked"])
def test_the_tree_has_changed_when_its_submodule_has(odd: Repository, tmp_path: Path, ignore: str) -> None:
    inner = repository(tmp_path / "inner")
    inner.commit(b"Inner", tree=inner.tree(b"file"), to="main")
    odd.commit(b"First", to="main")
    odd.git("submodule", "--quiet", "add", str(inner.root), "sub\tü")
    if ignore:
        odd.git("config", "-f", ".gitmodules", "submodule.sub\tü.ignore", ignore)
    odd.git("add", ".gitmodules")
    odd.git("commit", "-q", "-m", "Submodule")
    sub = Repository(odd.root / "sub\tü")
    (sub.root / "untracked").write_text("")
    assert git.checkout(odd.root).changed == ()
    (sub.root / "file").write_text("changed")
    assert git.checkout(odd.root).changed == ("sub ü/file",)
    sub.git("commit", "-q", "-a", "-m", "Further")
    assert git.checkout(odd.root).changed == ("sub ü",)


def test_commits_are_of_the_checkout_when_a_directory_in_it_looks_like_a_repository(odd: Repository) -> None:
    odd.commit(b"Real", to="main")
    odd.git("clone", "-q", "--bare", str(odd.root), str(odd.root / "app"))
    Repository(odd.root / "app").commit(b"Forged", to="main")
    with pytest.raises(ConfigurationError, match="bare repository"):
        git.commit(odd.root / "app")


class Denying(BaseHTTPRequestHandler):
    """AWS that denies everything at once."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        code, text = b"AccessDeniedException", b"not here"
        body = b'{"__type": "%s", "message": "%s"}' % (code, text)
        if "urlencoded" in self.headers["content-type"]:  # STS
            body = b"<E><Error><Code>%s</Code><Message>%s</Message></Error></E>" % (code, text)
        self.send_response(400)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not into the test's output."""


@pytest.fixture
def denying() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Denying) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_installed_command_gets_past_git_when_the_commit_is_odd(odd: Repository, denying: str) -> None:
    odd.commit(b"\xff\x0c", date=b"253402300800 +9999", header=SIGNATURE, to="main")
    odd.git("config", "log.showSignature", "true")
    (odd.root / "deploytool.yml").write_text(
        "app: shop\nservices: {app: {service: shop-app, image: app}}\nimages: {app: {dockerfile: Dockerfile}}\n"
        "environments:\n  production: {region: eu-central-1, cluster: shop, repository: shop}\n"
    )
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(odd.root), "AWS_ENDPOINT_URL": denying, "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
    }  # fmt: skip
    command = [str(Path(sys.executable).with_name("deploytool")), "plan"]
    done = subprocess.run(command, cwd=odd.root, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "sts:GetCallerIdentity" in done.stderr, "AWS was not asked"


@pytest.mark.parametrize(
    ("err", "cause"),
    [
        (b"warning: x\nfatal: detected dubious ownership\nTo add an exception:\n\n\tgit config --global\n", "detected"),
        (b"error: object file is empty\nfatal: loose object is corrupt\n", "loose object is corrupt"),
        (b"error: pathspec\nhint: x\n", "pathspec"),
        (b"\n  usage: git\n", "usage: git"),
        (b"fatal: caf\xe9\n", "caf\ufffd"),
        (b"", "it ended with 128 without a message"),
    ],
)
def test_the_cause_is_the_first_fatal_line_when_git_says_more(err: bytes, cause: str) -> None:
    assert git_command.GitResult(128, b"", err).cause.startswith(cause)
