"""How many calls an employee has at once: one, where busy on busy was set"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_EMPLOYEES = sa.table("employees", sa.column("id", sa.Integer), sa.column("ringing", sa.JSON))


def upgrade():
    connection = op.get_bind()
    for key, ringing in connection.execute(sa.select(_EMPLOYEES.c.id, _EMPLOYEES.c.ringing)).all():
        if "busy_on_busy" in ringing:
            ringing["calls_at_once"] = 1 if ringing.pop("busy_on_busy") else None
            connection.execute(sa.update(_EMPLOYEES).where(_EMPLOYEES.c.id == key).values(ringing=ringing))
