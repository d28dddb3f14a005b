"""The one error a lab user may see."""


class UserError(Exception):
    """Something the person at the keyboard can mend.

    The message is one sentence: what is wrong, where, the offending value and what to do. The
    command line prints it without a traceback and exits with status 2.
    """
