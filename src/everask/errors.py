"""Every error that a user can meet. Each says what failed, for what, and what to do."""

from __future__ import annotations


class EveraskError(Exception):
    """An error with a message for the user, a hint on what to do, and an exit code."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(EveraskError):
    """A command, option or request that does not make sense."""

    exit_code = 2


class SettingsError(EveraskError):
    """A settings file or variable that cannot be used."""

    exit_code = 2


class NotFoundError(EveraskError):
    """A document, file or page that is not there, or that the asker may not read."""

    exit_code = 3


class UnreadableError(EveraskError):
    """A file or page that cannot be read: empty, encrypted, truncated, of an unknown type."""

    exit_code = 4


class LimitError(UnreadableError):
    """A file that went over a limit on size, time, memory, depth or output."""


class BlockedAddressError(UnreadableError):
    """A URL that is refused: not http(s), or an address that is private."""


class ModelError(EveraskError):
    """A model that is missing, damaged or does not answer."""

    exit_code = 5


class MissingExtraError(EveraskError):
    """A feature that needs an extra that is not installed."""

    exit_code = 5

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an extra.", f"Install it: pip install 'everask[{extra}]'")


class StoreError(EveraskError):
    """A store that cannot be opened, is damaged, or was written by a newer Everask."""

    exit_code = 6


class TrainingError(EveraskError):
    """A training that cannot start or go on. What serves is as it was."""

    exit_code = 9


class BusyError(EveraskError):
    """More work is waiting than may wait; try again after `retry_after` seconds."""

    exit_code = 7

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message, f"Try again in {retry_after} s.")
        self.retry_after = retry_after
