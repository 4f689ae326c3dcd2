"""Vectors stay in their row, and token signs leave it when it grows over PostgreSQL's 2 KB.

Whichever column is largest is moved out. With signs of 16 tokens that was the vector, and an exact answer then looks up
every one of them in another table.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("memories", "0018_ranking")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE memories_searchentry ALTER COLUMN embedding SET STORAGE MAIN",
            "ALTER TABLE memories_searchentry ALTER COLUMN embedding SET STORAGE EXTERNAL",
        ),
    ]
