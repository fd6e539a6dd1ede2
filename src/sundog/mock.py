"""``mock_aws``: a cloud that answers the process's calls while a function, a class or a block of code runs."""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from sundog.ways import active

if TYPE_CHECKING:
    from sundog.cloud import Cloud

F = TypeVar("F", bound=Callable[..., Any])


class MockAws:
    """A mock that can be started and stopped, entered as a context, or used as a decorator.

    Started again while it runs, it goes on with the cloud that it has; it ends with the last stop. As a decorator it makes a
    new cloud for each call (for each test, if it decorates a class).
    """

    def __init__(self, cloud: Cloud | None = None, *, private: bool = False, **settings: Any) -> None:
        self._given = cloud
        self._private = private
        self._settings = settings
        self._depth = 0
        self.cloud: Cloud | None = None

    def start(self) -> Cloud:
        """Let the cloud answer from now on."""
        if self._depth == 0:
            from sundog.ways import environment

            self.cloud = self._make()
            active.push(self.cloud, private=self._private)
            try:
                environment.enter()
            except BaseException:
                active.pop(self.cloud)
                raise
        self._depth += 1
        assert self.cloud is not None
        return self.cloud

    def stop(self) -> None:
        """Undo one ``start``; ``RuntimeError`` if there is none."""
        if self._depth == 0 or self.cloud is None:
            raise RuntimeError("this mock isn't running")
        self._depth -= 1
        if self._depth == 0:
            from sundog.ways import environment

            active.pop(self.cloud)
            environment.leave()
            if self._given is None:
                self.cloud.close()
            self.cloud = None

    def _make(self) -> Cloud:
        if self._given is not None:
            return self._given
        from sundog.cloud import Cloud

        return Cloud(**self._settings)

    def _again(self) -> MockAws:
        """A mock with the same settings, for one more call of what this one decorates."""
        return type(self)(self._given, private=self._private, **self._settings)

    def __enter__(self) -> Cloud:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Cloud:
        return self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __call__(self, target: F) -> F:
        """Decorate a function, coroutine function, generator, fixture or class."""
        if isinstance(target, type):
            return decorate_class(self, target)  # type: ignore[return-value]
        return decorate_function(self, target)


@overload
def mock_aws(target: F) -> F: ...
@overload
def mock_aws(*, cloud: Cloud | None = ..., private: bool = ..., **settings: Any) -> MockAws: ...
def mock_aws(target: Any = None, *, cloud: Cloud | None = None, private: bool = False, **settings: Any) -> Any:
    """A mock cloud for a function or class (``@mock_aws``), a block (``with mock_aws() as aws``), or by hand (``.start()``).

    ``cloud``: answer from this one instead of a new one. ``private``: only calls of this thread or task are answered.
    Everything else is a setting of ``sundog.settings.Settings`` (``seed=1``, ``region="eu-west-1"``, ``strict=True``, ...), or
    ``profiles=[...]``.
    """
    mock = MockAws(cloud, private=private, **settings)
    return mock if target is None else mock(target)


def decorate_function(mock: MockAws, target: Any) -> Any:
    """The function, with a mock around each call; a fixture of pytest, with a mock around what it wraps."""
    inner = getattr(target, "_fixture_function", None) or getattr(target, "__pytest_wrapped__", None)
    if inner is not None:
        # pytest made a fixture of it already: the mock goes inside.
        if hasattr(target, "_fixture_function"):
            target._fixture_function = decorate_function(mock, target._fixture_function)
        else:
            inner.obj = decorate_function(mock, inner.obj)
        return target
    if isinstance(target, (staticmethod, classmethod)):
        return type(target)(decorate_function(mock, target.__func__))
    if inspect.isasyncgenfunction(target):

        @functools.wraps(target)
        async def async_generator(*args: Any, **kwargs: Any) -> Any:
            with mock._again():
                wrapped = target(*args, **kwargs)
                try:
                    async for item in wrapped:
                        yield item
                finally:
                    await wrapped.aclose()

        return async_generator
    if inspect.iscoroutinefunction(target):

        @functools.wraps(target)
        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            with mock._again():
                return await target(*args, **kwargs)

        return coroutine
    if inspect.isgeneratorfunction(target):

        @functools.wraps(target)
        def generator(*args: Any, **kwargs: Any) -> Any:
            with mock._again():
                return (yield from target(*args, **kwargs))

        return generator
    if not callable(target):
        raise TypeError(f"mock_aws can't decorate {target!r}")

    @functools.wraps(target)
    def function(*args: Any, **kwargs: Any) -> Any:
        with mock._again():
            return target(*args, **kwargs)

    return function


def decorate_class(mock: MockAws, target: type) -> type:
    """The class, with a mock around each of its tests, what sets them up included."""
    if issubclass(target, unittest.TestCase):
        return _decorate_test_case(mock, target)
    has_setup = any(hasattr(target, name) for name in ("setup_method", "setUp"))
    if has_setup:
        return _decorate_with_setup(mock, target)
    for name, member in list(vars(target).items()):
        if name.startswith("_") or isinstance(member, (type, property)):
            continue
        if _is_test(name) or callable(member) or isinstance(member, (staticmethod, classmethod)):
            setattr(target, name, _unless_running(mock, member))
    return target


def _is_test(name: str) -> bool:
    return name.startswith("test")


def _unless_running(mock: MockAws, member: Any) -> Any:
    """Decorated, but a method that another one calls is answered by the cloud that runs already."""
    guarded = _Guarded(mock)
    return decorate_function(guarded, member)  # type: ignore[arg-type]


class _Guarded:
    """Stands for a mock in ``decorate_function``: one cloud for the outermost call of a class's methods."""

    running = 0

    def __init__(self, mock: MockAws) -> None:
        self._mock = mock

    def _again(self) -> Any:
        return _Once(self._mock)


class _Once:
    def __init__(self, mock: MockAws) -> None:
        self._mock = mock
        self._made: MockAws | None = None

    def __enter__(self) -> Any:
        stack = self._mock.__dict__.setdefault("_inside", [])
        if not stack:
            self._made = self._mock._again()
            self._made.start()
        stack.append(self)

    def __exit__(self, *_: Any) -> None:
        self._mock.__dict__["_inside"].remove(self)
        if self._made is not None:
            self._made.stop()


def _decorate_with_setup(mock: MockAws, target: type) -> type:
    """A plain test class with ``setup_method``: the mock spans set-up, test and tear-down."""
    name = "setup_method" if hasattr(target, "setup_method") else "setUp"
    down = "teardown_method" if name == "setup_method" else "tearDown"
    set_up: Any = getattr(target, name)
    tear_down: Any = getattr(target, down, None)

    @functools.wraps(set_up)
    def setup(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._sundog_mock = mock._again()
        self._sundog_mock.start()
        try:
            return set_up(self, *args, **kwargs)
        except BaseException:
            self._sundog_mock.stop()
            raise

    def teardown(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return None if tear_down is None else tear_down(self, *args, **kwargs)
        finally:
            self._sundog_mock.stop()

    setattr(target, name, setup)
    setattr(target, down, teardown if tear_down is None else functools.wraps(tear_down)(teardown))
    return target


def _decorate_test_case(mock: MockAws, target: Any) -> Any:
    """A ``unittest.TestCase``: each test has a cloud of its own, which begins as ``setUpClass`` left the class's."""
    run = target.run
    set_up_class = target.setUpClass.__func__
    tear_down_class = target.tearDownClass.__func__

    @functools.wraps(run)
    def run_mocked(self: Any, result: Any = None) -> Any:
        whole: MockAws | None = getattr(type(self), "_sundog_class_mock", None)
        one = mock._again()
        if whole is not None and whole.cloud is not None and one._given is None:
            one = MockAws(whole.cloud.fork(), private=one._private)
        with one:
            return run(self, result)

    def set_up(cls: Any) -> Any:
        cls._sundog_class_mock = mock._again()
        cls._sundog_class_mock.start()
        try:
            return set_up_class(cls)
        except BaseException:
            cls._sundog_class_mock.stop()
            raise

    def tear_down(cls: Any) -> Any:
        try:
            return tear_down_class(cls)
        finally:
            cls._sundog_class_mock.stop()
            cls._sundog_class_mock = None

    target.run = run_mocked
    if set_up_class is not unittest.TestCase.setUpClass.__func__:  # type: ignore[attr-defined]
        target.setUpClass = classmethod(functools.wraps(set_up_class)(set_up))
        target.tearDownClass = classmethod(functools.wraps(tear_down_class)(tear_down))
    return target
