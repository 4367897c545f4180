"""What workers run in tests; a module of its own because other processes import it."""

import os
import signal
from functools import partial


def doubling():
    """Doubles numbers; kills itself at 13, ends at 14."""
    return _double


def _double(number):
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 14:
        os._exit(5)
    return 2 * number


def refusing():
    """Cannot be set up."""
    raise ImportError("needs the extra 'nothing'")


class Unsendable(Exception):
    """Cannot be rebuilt in another process."""

    def __init__(self, first, second):
        super().__init__(f"{first} {second}")


def refusing_unsendably():
    """Cannot be set up, for a reason that cannot be sent."""
    raise Unsendable("one", "two")


def dying():
    """Dies while it is set up."""
    os._exit(3)


def telling_threads():
    """Answers with its process and a variable of its environment."""
    return lambda name: (os.getpid(), os.environ.get(name))


def counting(path):
    """Set up by leaving a line in a file."""
    with path.open("a") as file:
        file.write(f"{os.getpid()}\n")
    return _double


counting_in = partial(partial, counting)
