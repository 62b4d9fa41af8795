"""The section "bootstrap": the account of a bootstrap server. Imported only where there is one."""

from .checks import checked
from .servers import check_reach

_BOOTSTRAP_SECTION = (
    "uri - - 0 0;identity - - 0 0;key - - 0 0;suites - - 0 0;hold_off - i 0 86400;"
    "account_timeout - i 0 2147483647;retry_timer - i 1 86400;keys_in_clear - f 0 0"
)


def check(value) -> dict:
    """The account, with its credentials as bytes; or ConfigError."""
    account = checked("bootstrap", value, _BOOTSTRAP_SECTION)
    check_reach("bootstrap.", account)
    return account
