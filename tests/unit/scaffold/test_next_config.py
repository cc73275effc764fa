from __future__ import annotations

from typing import Any

import pytest

from deploytool.scaffold.next_config import blocking_middleware, health_route, is_next_app, next_config
from tests.unit.scaffold.projects import scan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("output: 'export'", {"output": "export"}),
        (
            "output: process.env.DOCKER ? 'standalone' : undefined",
            {"output": "standalone", "variables": (("DOCKER", "true"),)},
        ),
        ('output: (process.env.BUILD === "docker") ? "standalone" : undefined', {"variables": (("BUILD", "docker"),)}),
        ("output: isProd ? 'standalone' : undefined", {"output": ""}),
        ("// output: 'standalone'", {"output": ""}),
        ("/* output: 'standalone' */", {"output": ""}),
        ("basePath: '/docs', trailingSlash: true", {"base_path": "/docs", "trailing_slash": True}),
        ("basePath: process.env.BASE_PATH,", {"base_path": "", "base_path_variable": "BASE_PATH"}),
        ("const c = { basePath, images: {} }", {"base_path_variable": "basePath"}),
        ("distDir: 'build'", {"directory": "build", "variables": ()}),
        (
            "distDir: process.env.NEXT_DIST_DIR || '.next'",
            {"directory": ".next-verify", "variables": (("NEXT_DIST_DIR", ".next-verify"),)},
        ),
        ("distDir: process.env.OTHER", {"directory": ".next"}),
        ("import './src/env.js'", {"reads_more": True}),
        ("const a = require('@next/bundle-analyzer')", {"reads_more": True}),
        (
            "import path from 'path'; import fs from 'node:fs'; import mdx from '@next/mdx'; import n from 'next/x'",
            {"reads_more": False},
        ),
    ],
)
def test_the_configuration_is_read(text: str, expected: dict[str, Any]) -> None:
    package = {"dependencies": {"@next/mdx": "16"}, "scripts": {"build": "NEXT_DIST_DIR=.next-verify next build"}}
    config = next_config(scan(texts={"next.config.mjs": text}), package)
    assert {name: getattr(config, name) for name in expected} == expected


def test_a_configuration_in_typescript_needs_it_at_the_start() -> None:
    # Next.js 15.4 to 16.1 read it with the package typescript.
    assert next_config(scan(texts={"next.config.ts": ""}), {}).reads_more


@pytest.mark.parametrize(
    ("texts", "package", "is_app"),
    [
        ({"next.config.js": ""}, {}, True),
        ({}, {"scripts": {"build": "contentlayer build && next build"}}, True),
        ({"src/app/page.tsx": ""}, {"dependencies": {"next": "16"}}, True),
        ({"pages/index.js": ""}, {"devDependencies": {"next": "16"}}, True),
        ({}, {"dependencies": {"next": "16"}}, True),
        ({"app/page.tsx": ""}, {"dependencies": {"expo": "1"}}, False),
        # https://github.com/gitroomhq/postiz-app: dependencies of all packages are in the root.
        ({"apps/a/x.js": ""}, {"dependencies": {"next": "16"}}, False),
        (
            {"pnpm-workspace.yaml": "packages:\n- a", "next.config.js": "", "app/page.js": ""},
            {"dependencies": {"next": "1"}},
            False,
        ),
        # https://github.com/civitai/civitai: the root is the app, and a workspace.
        ({"next.config.js": ""}, {"workspaces": ["packages/*"], "scripts": {"build": "next build"}}, True),
        ({}, {"workspaces": ["packages/*"], "scripts": {"build": "next build"}}, False),
    ],
)
def test_an_application_is_told_from_a_package_that_only_has_next(
    texts: dict[str, str], package: dict[str, Any], is_app: bool
) -> None:
    assert is_next_app(scan(package=package, texts=texts), package) is is_app


@pytest.mark.parametrize(
    ("file", "text", "path"),
    [
        ("app/api/health/route.ts", "export const GET", "/docs/api/health/"),
        # https://github.com/umami-software/umami and https://github.com/langfuse/langfuse
        ("src/app/api/heartbeat/route.ts", "export async function GET", "/docs/api/heartbeat/"),
        ("pages/api/public/health.ts", "export default handler", "/docs/api/public/health/"),
        ("app/(internal)/healthz/route.js", "", "/docs/healthz/"),
        ("src/pages/api/ping/index.js", "", "/docs/api/ping/"),
    ],
)
def test_a_health_route_under_another_path_is_used(file: str, text: str, path: str) -> None:
    place = scan(texts={file: text, "next.config.js": "basePath: '/docs', trailingSlash: true"})
    route = health_route(place, next_config(place, {}))
    assert (route.file, route.exists, route.path) == (file, True, path)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("app/api/health/route.ts", "export async function POST() {}"),
        ("app/api/[tenant]/health/route.ts", "export const GET"),
        ("app/a/b/c/health/route.ts", "export const GET"),
        ("app/health/page.tsx", ""),
        ("pages/health.tsx", ""),
        ("components/health/route.ts", "export const GET"),
    ],
)
def test_what_only_looks_like_a_health_route_is_none(file: str, text: str) -> None:
    assert not health_route(scan(texts={file: text})).exists


REDIRECTS = "NextResponse.redirect(new URL('/login', request.url));\n"


@pytest.mark.parametrize(
    ("file", "text", "is_blocking"),
    [
        ("middleware.ts", REDIRECTS, True),
        # https://github.com/vercel/ai-chatbot
        ("proxy.ts", REDIRECTS + "matcher: ['/', '/chat/:id', '/api/:path*', '/login']\n", True),
        ("src/middleware.js", "export default withAuth({})", True),
        ("middleware.ts", "export { auth as middleware } from '@/auth'", True),
        ("middleware.ts", "if (!ok(request)) auth.protect()", True),
        ("middleware.ts", REDIRECTS + "matcher: ['/((?!api|_next/static|favicon.ico).*)'],", False),
        ("middleware.ts", REDIRECTS + 'matcher: "/dashboard/:path*"', False),
        ("middleware.ts", REDIRECTS + "matcher: ['/(app|in)/:id+']\n", False),
        ("middleware.ts", REDIRECTS + "matcher: ['/:path((?!api).*)']\n", False),
        ("middleware.ts", REDIRECTS + "matcher: ['/(((']\n", True),
        ("middleware.ts", REDIRECTS + "if (pathname.startsWith('/api')) return", False),
        ("middleware.ts", "response.headers.set('x', 'y')", False),
        ("middleware.ts", "// " + REDIRECTS, False),
        ("lib/middleware.ts", REDIRECTS, False),
    ],
)
def test_a_middleware_that_may_turn_the_health_check_away_is_noticed(file: str, text: str, is_blocking: bool) -> None:
    assert blocking_middleware(scan(texts={file: text}), "/api/health") == (file if is_blocking else "")
