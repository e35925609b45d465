"""What the views table holds of a person: nothing; bulk work tells by digests what it took, files lie in the bucket."""

from chalicelib.holdings import Holding, Nobody
from chalicelib.views.models import Export, Run, ViewsItem, Walk

HOLDING = Holding(
    ViewsItem,
    (
        Nobody(Run, "What is to be done with the members of a segment; 7 days."),
        Nobody(Export, "Names of files, which the bucket forgets; they are looked through there."),
        Nobody(Walk, "Digests of the records that a job took last; 7 days."),
    ),
)
