"""What every Celery task of the houses is made of; only who works off the queue loads it."""

from typing import Any

from celery import Task

from . import hooks


class HouseTask(Task):
    """The base of every task. An emulation may lose one, as a worker that dies would."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        around = hooks.find("TASK_HOOK")
        if around:
            return around(self.name, lambda: self.run(*args, **kwargs))
        return super().__call__(*args, **kwargs)
