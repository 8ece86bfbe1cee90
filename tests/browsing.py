"""A browser whose pages report what a person would not notice: blocked scripts, console errors, failed requests."""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

__all__ = ["Browser", "Page", "chromium", "watched_page"]

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
REPORT_VIOLATIONS = """document.addEventListener("securitypolicyviolation",
  event => console.error(`CSP: ${event.violatedDirective} blocked ${event.blockedURI || event.sample}`));"""


@contextlib.contextmanager
def chromium(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


@contextlib.contextmanager
def watched_page(browser: Browser) -> Iterator[Page]:
    """A page with a list `problems`; AssertionError at the end unless it is empty."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en", timezone_id="UTC")
    page = context.new_page()
    page.add_init_script(REPORT_VIOLATIONS)
    problems = watch(page)
    page.problems = problems  # type: ignore[attr-defined]  # for tests that provoke a problem
    try:
        yield page
    finally:
        context.close()
    assert not problems, "the browser reported:\n" + "\n".join(problems)


def watch(page: Page) -> list[str]:
    problems: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            problems.append(f"console: {message.text}")

    def on_response(response: Response) -> None:
        if response.status >= 400:
            problems.append(f"{response.status}: {response.url}")

    def on_failure(request: Request) -> None:
        if request.failure and "ERR_ABORTED" not in request.failure:  # a page left behind, or a download
            problems.append(f"{request.failure}: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("response", on_response)
    page.on("requestfailed", on_failure)
    return problems
