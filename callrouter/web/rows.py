"""Fields of several rows that grow and shrink by buttons: pressed, they send the form, which comes back rearranged."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from wtforms import Field
from wtforms import Form as AnyForm
from wtforms.utils import unset_value
from wtforms.validators import StopValidation


class RowsField(Field):
    """A field whose inputs have names of their own, all beginning with the field's.

    A button named ``NAME-do`` was ``pressed`` to change the rows: the form is then shown again, neither checked nor
    saved. ``row_errors`` say what is wrong in which row; they are to be shown when the field has ``errors``. A field
    that is not ``used`` in this form as it was sent is not checked.
    """

    pressed: str = ""
    used: bool = True
    #: The id of the input that a pressed button leads to.
    focus: str = ""
    row_errors: Mapping[Any, str]

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Take the record's value, and the rows that were sent in its place."""
        super().process(None, data, extra_filters)
        self.row_errors = {}
        if formdata is not None:
            self.pressed = str(formdata.get(f"{self.name}-do", ""))[:40]
            self.read(formdata)

    @abstractmethod
    def read(self, sent: Any) -> None:
        """Make of the form data *sent* the rows, ``data`` and ``row_errors``; do what was pressed."""

    def pre_validate(self, form: Any) -> None:
        """Refuse what :meth:`read` found wrong."""
        if self.used and self.row_errors:
            raise StopValidation(next(iter(self.row_errors.values())))


def rearranged(form: AnyForm) -> bool:
    """Whether *form* was sent only to change the rows of a field."""
    return any(isinstance(field, RowsField) and field.pressed for field in form)
