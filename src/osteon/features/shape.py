"""Names of the sizes of a vertebral body; room `regions` measures them where it finds the body."""

from ..core import Method
from .feature import METHODS, Feature, enter

SHAPE_METHOD = Method(
    "vertebral-heights",
    "Heights of the vertebral body along its own axis, at the front, in the middle and at the "
    "back of its middle strip; depth and width from wall to wall.",
    "doi:10.1002/jbmr.5650080915",
    "Genant HK et al. Vertebral fracture assessment using a semiquantitative technique. "
    "J Bone Miner Res 1993;8:1137–1148.",
)
METHODS[SHAPE_METHOD.key] = SHAPE_METHOD

enter(
    *(
        Feature(
            name,
            "mm",
            SHAPE_METHOD.key,
            f"{what} of the vertebral body along its own axes.",
            SHAPE_METHOD.doi,
            usual,
            "No fracture grade: ratios raise a suspicion that a reader must judge. Heights are not "
            "given for a body that is cut or less than 20 mm deep.",
        )
        for name, what, usual in (
            (
                "height anterior",
                "Height at the front wall, on the parabola through three bands",
                "7 to 35",
            ),
            ("height middle", "Median height in the middle fifth of the depth", "7 to 35"),
            (
                "height posterior",
                "Height at the back wall, on the parabola through three bands",
                "7 to 35",
            ),
            ("depth", "Distance of front and back wall at mid-height", "12 to 45"),
            ("width", "Distance of the side walls at mid-height", "15 to 65"),
        )
    )
)
