"""The one registry: every method and data set by kind and name, described here and loaded only when used."""

import difflib
import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from engine.errors import KindredError


@dataclass(frozen=True)
class Entry:
    """Attributes:
    name: what the user types.
    summary: one line.
    where: ``module:attribute`` of the code.
    paper: its source, empty for the plain ones.
    needs: what another choice must give, see ``GIVEN_BY``.
    has: what it gives to others.
    cost: what it takes, in words, where that tells methods apart.
    """

    name: str
    summary: str
    where: str
    paper: str = ""
    needs: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    cost: str = ""


IMAGES = "images as inputs"
ONE_INPUT = "inputs that all tasks share"
SHARED = "parameters that tasks share"
ONE_REPRESENTATION = "one representation that all heads are given"
LAST_LAYER = "a last shared layer that every task runs through"
# Which kind of choice gives what others need.
GIVEN_BY = {
    IMAGES: "dataset",
    ONE_INPUT: "dataset",
    SHARED: "architecture",
    ONE_REPRESENTATION: "architecture",
    LAST_LAYER: "architecture",
}

NOTHING = "no more than plain training"
EACH_TASK = "one backward pass for each task"

_OWN = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")

_ENTRIES: dict[str, tuple[Entry, ...]] = {
    "dataset": (
        Entry(
            "yeast",
            "14 functions of 2,417 yeast genes: binary tasks of which some pairs help and some hurt",
            "engine.datasets.yeast:load",
            "Elisseeff and Weston, NeurIPS 2001",
            has=(ONE_INPUT,),
        ),
        Entry(
            "digits",
            "11 attributes of 1,797 handwritten digits and their strokes: classification and regression",
            "engine.datasets.digits:load",
            "Alpaydin and Kaynak, UCI 1998 (in scikit-learn)",
            has=(IMAGES, ONE_INPUT),
        ),
        Entry(
            "river_flow",
            "flow of a river network at 8 sites, 48 hours ahead: regressions on 9,005 hours, split by time",
            "engine.datasets.river_flow:load",
            "Spyromitros-Xioufis et al., Machine Learning 2016",
            has=(ONE_INPUT,),
        ),
        Entry(
            "digit_pairs",
            "10 tasks that each tell two digits apart, on images of their own: different inputs, same loss",
            "engine.datasets.digit_pairs:load",
            "Alpaydin and Kaynak, UCI 1998 (in scikit-learn)",
            has=(IMAGES,),
        ),
        Entry(
            "digit_slants",
            "10 tasks that each predict how far one digit leans, on images of that digit: regressions",
            "engine.datasets.digit_slants:load",
            "Alpaydin and Kaynak, UCI 1998 (in scikit-learn)",
            has=(IMAGES,),
        ),
        Entry(
            "digit_mix",
            "classification, regression and denoising of digits, each on images of its own: nothing shared",
            "engine.datasets.digit_mix:load",
            "Alpaydin and Kaynak, UCI 1998 (in scikit-learn)",
            has=(IMAGES,),
        ),
        Entry(
            "rooms",
            "ray-traced rooms with the exact maps of ten dense tasks: classes, depth, normals, edges, curvature …",
            "engine.datasets.rooms:load",
            "the tasks of Standley et al., ICML 2020; scenes: this project",
            has=(IMAGES, ONE_INPUT),
        ),
        Entry(
            "table",
            "a table of your own, CSV, Parquet or NPZ, of which some columns are to be predicted",
            "engine.datasets.table:load",
            has=(ONE_INPUT,),
        ),
        Entry(
            "celeba",
            "40 attributes of 202,599 photographs of faces; in data/celeba, or a folder of yours",
            "engine.datasets.celeba:load",
            "Liu et al., ICCV 2015",
            has=(IMAGES, ONE_INPUT),
        ),
        Entry(
            "taskonomy",
            "dense maps of indoor photographs; in data/taskonomy, or a folder of yours",
            "engine.datasets.taskonomy:load",
            "Zamir et al., CVPR 2018",
            has=(IMAGES, ONE_INPUT),
        ),
        Entry(
            "nyuv2",
            "classes, depth and normals of 1,449 indoor photographs; in data/nyuv2, or a folder of yours",
            "engine.datasets.nyuv2:load",
            "Silberman et al., ECCV 2012",
            has=(IMAGES, ONE_INPUT),
        ),
    ),
    "architecture": (
        Entry(
            "hard_sharing",
            "one trunk for all tasks, one head a task",
            "engine.architectures.hard_sharing:HardSharing",
            "Caruana, Machine Learning 1997",
            has=(SHARED, LAST_LAYER, ONE_REPRESENTATION),
            cost="one trunk: the standard that SNT compares with",
        ),
        Entry(
            "soft_sharing",
            "a tower for every task, drawn towards each other; without a tie, single-task training",
            "engine.architectures.soft_sharing:SoftSharing",
            "Duong et al., ACL 2015; Yang and Hospedales, ICLR workshop 2017",
            cost="a trunk for each task",
        ),
        Entry(
            "cross_stitch",
            "a tower for every task; after each stage a learned mix of all towers' features",
            "engine.architectures.cross_stitch:CrossStitch",
            "Misra et al., CVPR 2016",
            has=(SHARED, LAST_LAYER),
            cost="a trunk for each task",
        ),
        Entry(
            "nddr",
            "a tower for every task; after each stage a 1×1 convolution over all towers' channels",
            "engine.architectures.nddr:Nddr",
            "Gao et al., CVPR 2019",
            has=(SHARED, LAST_LAYER),
            cost="a trunk for each task, and mixing that grows with the square of their number",
        ),
        Entry(
            "mtan",
            "one trunk for all tasks; every task attends to its features by masks of its own",
            "engine.architectures.mtan:Mtan",
            "Liu et al., CVPR 2019",
            has=(SHARED, LAST_LAYER),
            cost="one trunk, and for each task masks at every stage",
        ),
        Entry(
            "adashare",
            "one trunk for all tasks; every task learns which stages to run and which to skip",
            "engine.architectures.adashare:AdaShare",
            "Sun et al., NeurIPS 2020",
            has=(SHARED,),
            cost="one trunk, run once for each way that tasks choose through its stages",
        ),
        Entry(
            "mtl_nas",
            "a tower for every task; the edges between towers are searched for while training",
            "engine.architectures.mtl_nas:MtlNas",
            "Gao et al., CVPR 2020",
            has=(SHARED, LAST_LAYER),
            cost="a trunk for each task, and edges between every two of them",
        ),
    ),
    "trunk": (
        Entry("mlp", "fully connected layers with ReLU", "engine.architectures.trunks:mlp"),
        Entry(
            "convolutional",
            "3×3 convolutions, for images",
            "engine.architectures.trunks:convolutional",
            needs=(IMAGES,),
        ),
        Entry(
            "encoder",
            "3×3 convolutions that halve the image at every stage; dense tasks get decoders",
            "engine.architectures.trunks:encoder",
            "Standley et al., ICML 2020, in small",
            needs=(IMAGES,),
        ),
    ),
    "head": (),
    "weighting": (
        Entry(
            "equal",
            "the sum of all task losses, each with weight 1",
            "engine.weighting.equal:Equal",
            cost=NOTHING,
        ),
        Entry(
            "uncertainty",
            "each loss divided by a learned variance of its task's noise",
            "engine.weighting.uncertainty:Uncertainty",
            "Kendall et al., CVPR 2018",
            cost=NOTHING,
        ),
        Entry(
            "gradnorm",
            "weights that bring the tasks' gradients to one length, longer for tasks that learn slowly",
            "engine.weighting.gradnorm:GradNorm",
            "Chen et al., ICML 2018",
            needs=(SHARED,),
            cost="one more backward pass for each task, through its head and the last shared layer",
        ),
        Entry(
            "dwa",
            "more weight to the tasks whose loss fell least over the last two epochs",
            "engine.weighting.dwa:Dwa",
            "Liu et al., CVPR 2019",
            cost=NOTHING,
        ),
        Entry(
            "dtp",
            "more weight to the tasks whose metric is still low",
            "engine.weighting.dtp:Dtp",
            "Guo et al., ECCV 2018",
            cost=NOTHING,
        ),
        Entry(
            "mgda",
            "the shortest convex combination of the tasks' gradients: no task gets worse",
            "engine.weighting.mgda:Mgda",
            "Sener and Koltun, NeurIPS 2018",
            needs=(SHARED,),
            cost=EACH_TASK,
        ),
        Entry(
            "mgda_ub",
            "the same on the gradients of the shared representation, an upper bound for one backward pass",
            "engine.weighting.mgda_ub:MgdaUb",
            "Sener and Koltun, NeurIPS 2018",
            needs=(ONE_INPUT, SHARED, ONE_REPRESENTATION),
            cost="one backward pass for each task through its head, then one for all through the trunk",
        ),
        Entry(
            "pcgrad",
            "each gradient loses what conflicts with another one",
            "engine.weighting.pcgrad:PcGrad",
            "Yu et al., NeurIPS 2020",
            needs=(SHARED,),
            cost=EACH_TASK,
        ),
        Entry(
            "gradvac",
            "gradients are turned until their cosines reach their own running mean",
            "engine.weighting.gradvac:GradVac",
            "Wang et al., ICLR 2021",
            needs=(SHARED,),
            cost=EACH_TASK,
        ),
        Entry(
            "graddrop",
            "every parameter follows the gradients of one sign, drawn by how much agree",
            "engine.weighting.graddrop:GradDrop",
            "Chen et al., NeurIPS 2020",
            needs=(SHARED,),
            cost=EACH_TASK,
        ),
        Entry(
            "imtl",
            "the direction on which all tasks' gradients have the same projection",
            "engine.weighting.imtl:Imtl",
            "Liu et al., ICLR 2021",
            needs=(SHARED,),
            cost=EACH_TASK,
        ),
        Entry(
            "cagrad",
            "near the mean gradient, the direction that serves the worst-off task best",
            "engine.weighting.cagrad:CaGrad",
            "Liu et al., NeurIPS 2021",
            needs=(SHARED,),
            cost=EACH_TASK,
        ),
        Entry(
            "aligned_mtl",
            "gradients made orthogonal and equally long before they are added",
            "engine.weighting.aligned_mtl:AlignedMtl",
            "Senushkin et al., CVPR 2023",
            needs=(SHARED,),
            cost=EACH_TASK,
        ),
        Entry(
            "upgrad",
            "each gradient projected to where it harms no task, then added",
            "engine.weighting.upgrad:UpGrad",
            "Quinton and Rey, 2024",
            needs=(SHARED,),
            cost=EACH_TASK,
        ),
    ),
    "auxiliary": (
        Entry(
            "maxl",
            "a task of generated labels, each a part of a class of the primary task",
            "engine.auxiliary.maxl:Maxl",
            "Liu et al., NeurIPS 2019",
            needs=(ONE_INPUT,),
        ),
    ),
    "linear": (
        Entry(
            "independent",
            "a linear model for each task alone: ridge, or logistic",
            "engine.regularized.independent:Independent",
        ),
        Entry("pooled", "one linear model for the samples of all tasks", "engine.regularized.pooled:Pooled"),
        Entry(
            "mean_regularized",
            "each task's model is drawn to the mean of all",
            "engine.regularized.mean_regularized:MeanRegularized",
            "Evgeniou and Pontil, KDD 2004",
        ),
        Entry(
            "graph_laplacian",
            "related tasks' models are drawn to each other, by a given relation such as an affinity",
            "engine.regularized.graph_laplacian:GraphLaplacian",
            "Evgeniou, Micchelli and Pontil, JMLR 2005",
        ),
        Entry(
            "trace_norm",
            "all models lie in a space of few dimensions",
            "engine.regularized.trace_norm:TraceNorm",
            "Argyriou, Evgeniou and Pontil, Machine Learning 2008",
        ),
        Entry(
            "joint_features",
            "all models use the same few inputs: the L2,1 norm",
            "engine.regularized.joint_features:JointFeatures",
            "Obozinski, Taskar and Jordan, Statistics and Computing 2010",
        ),
        Entry(
            "task_covariance",
            "how tasks are related is learned along with their models (MTRL)",
            "engine.regularized.task_covariance:TaskCovariance",
            "Zhang and Yeung, UAI 2010",
        ),
        Entry(
            "clustered",
            "tasks fall into clusters whose models are alike",
            "engine.regularized.clustered:Clustered",
            "Jacob, Bach and Vert, NeurIPS 2008",
        ),
    ),
    "federated": (
        Entry(
            "mocha",
            "related models, one a client, by dual ascent that bears stragglers and clients that drop out",
            "engine.federated.mocha:Mocha",
            "Smith et al., NeurIPS 2017",
        ),
        Entry(
            "fedavg",
            "one model for all: clients train it in turns of local steps, the server averages",
            "engine.federated.fedavg:FedAvg",
            "McMahan et al., AISTATS 2017",
        ),
        Entry("local", "each client learns alone and sends nothing", "engine.federated.local:Local"),
    ),
    "reading": (
        Entry("affinity", "what the chosen estimator observed", ""),
        Entry("gradient_cosine", "cosine of the two tasks' gradients at every update", ""),
        Entry(
            "gradient_conflict",
            "1 where two tasks' gradients never conflict, −1 where always; rate of conflict = (1 − entry) / 2",
            "",
        ),
        Entry("tower_distance", "minus the distance of two towers' weights, relative to their length; 0: the same", ""),
        Entry("mixing", "the weight of the source's features in the target's, mean over the stages", ""),
        Entry("attention", "correlation of two tasks' attention masks, mean over the stages", ""),
        Entry("policy", "agreement of two tasks on which stages to run: 1 the same, −1 the opposite", ""),
        Entry("edges", "mean weight of the edges from the source's tower into the target's", ""),
        Entry("task_covariance", "correlation of two tasks' linear models, as learned by MTRL", ""),
        Entry("task_clusters", "how often two tasks' linear models fall into one cluster", ""),
        Entry("regulariser_graph", "how strongly a regulariser ties two tasks' linear models", ""),
        Entry("federated_relation", "correlation of two clients' models, as MOCHA assumes or learns it", ""),
    ),
    "estimator": (
        Entry(
            "auto",
            "within a budget of time: chooses over how many layers, and how often, to look",
            "engine.affinity.auto:Auto",
            needs=(SHARED,),
        ),
        Entry(
            "lookahead",
            "exact: take each task's step on the shared parameters, evaluate every task again",
            "engine.affinity.lookahead:Lookahead",
            "Fifty et al., NeurIPS 2021",
            needs=(SHARED,),
        ),
        Entry(
            "first_order",
            "scalar products of the tasks' gradients: the lookahead of a small step",
            "engine.affinity.first_order:FirstOrder",
            "Fifty et al., NeurIPS 2021, to first order",
            needs=(SHARED,),
        ),
        Entry(
            "last_layer",
            "first order on the last shared layer alone: a few percent of a training step",
            "engine.affinity.last_layer:LastLayer",
            needs=(SHARED, LAST_LAYER),
        ),
        Entry(
            "head_lookahead",
            "a lookahead that steps on the last shared layer and evaluates only the heads again",
            "engine.affinity.head_lookahead:HeadLookahead",
            needs=(SHARED, LAST_LAYER),
        ),
        Entry(
            "corrected",
            "a cheap estimator at every update, made unbiased by the exact one at a few",
            "engine.affinity.corrected:Corrected",
            needs=(SHARED,),
        ),
        Entry(
            "gradient_cosine",
            "the angle between the tasks' gradients, whatever their size",
            "engine.affinity.gradient_cosine:GradientCosine",
            "Yu et al., NeurIPS 2020",
            needs=(SHARED,),
        ),
        Entry(
            "gradient_conflict",
            "how often the tasks' gradients point apart",
            "engine.affinity.gradient_cosine:GradientConflict",
            "Yu et al., NeurIPS 2020",
            needs=(SHARED,),
        ),
        Entry(
            "representation",
            "how alike the tasks see the samples of a batch: representational similarity",
            "engine.affinity.representation:Representation",
            "Dwivedi and Roig, CVPR 2019",
            needs=(ONE_INPUT, SHARED, ONE_REPRESENTATION),
        ),
    ),
    "predictor": (
        Entry(
            "combination",
            "all that is known, each source weighed by how far it bears out what is measured",
            "engine.predictors.combination:predict",
            "Rasmussen and Williams 2006",
        ),
        Entry(
            "tag_mean",
            "TAG: the mean affinity of a network's other tasks onto each, brought to the scale of losses",
            "engine.predictors.tag_mean:predict",
            "Fifty et al., NeurIPS 2021",
        ),
        Entry(
            "higher_order",
            "HOA: a task does in a network as on average in the pairs with its members",
            "engine.predictors.higher_order:predict",
            "Standley et al., ICML 2020",
        ),
        Entry(
            "early_stopping",
            "ESA: networks rank after a short training as after a long one",
            "engine.predictors.early_stopping:predict",
            "Standley et al., ICML 2020",
        ),
        Entry(
            "surrogate",
            "a first-order surrogate: a sum of what each partner adds, learned from any networks measured",
            "engine.predictors.surrogate:predict",
            "Li, Nguyen and Zhang, TMLR 2023",
        ),
        Entry(
            "linearised",
            "Grad-TAG: losses of linearised networks, from the gradients of one network of all tasks",
            "engine.predictors.linearised:predict",
            "Li, Sharma and Zhang, KDD 2024",
        ),
    ),
    "launcher": (
        Entry(
            "local",
            "processes of this machine, as many at a time as its cores and devices allow",
            "engine.runs.launching.local:LocalProcesses",
        ),
        Entry(
            "ray",
            "tasks of a Ray cluster, tried again elsewhere where a node is lost",
            "engine.runs.launching.ray_tasks:RayTasks",
            "Moritz et al., OSDI 2018",
        ),
    ),
    # Where the networks of a study, and federated clients, are trained beside their worker: by the launcher's name.
    "crew": (
        Entry("local", "processes of the study's machine", "engine.training.crew:Processes"),
        Entry("ray", "tasks of the Ray cluster", "engine.training.ray_crew:RayCrew"),
    ),
    "clients": (
        Entry("local", "processes of the server's machine", "engine.federated.clients:Processes"),
        Entry("ray", "actors of the Ray cluster", "engine.federated.ray_clients:RayActors"),
    ),
    "solver": (
        Entry(
            "exact_subsets",
            "dynamic programme over subsets: the optimum for every budget at once, up to 16 served tasks",
            "engine.grouping.exact_subsets:solve",
        ),
        Entry(
            "column_generation",
            "linear programme over blocks with exact pricing: proofs, or honest gaps, for many served tasks",
            "engine.grouping.column_generation:solve",
            "Gilmore and Gomory, Operations Research 1961",
        ),
        Entry(
            "local_search",
            "simulated annealing: a good grouping in milliseconds, without a proof",
            "engine.grouping.local_search:solve",
            "Kirkpatrick et al., Science 1983",
        ),
        Entry(
            "branch_and_bound",
            "the papers' method, with bounds: a readable reference for few served tasks",
            "engine.grouping.branch_and_bound:solve",
            "Standley et al., ICML 2020; Fifty et al., NeurIPS 2021",
        ),
        Entry(
            "integer_program",
            "0-1 programme over blocks in PuLP, with CBC or HiGHS: the independent check, up to 16 served tasks",
            "engine.grouping.integer_program:solve",
            "Standley et al., ICML 2020; Fifty et al., NeurIPS 2021",
        ),
    ),
}


def entries(kind: str) -> tuple[Entry, ...]:
    """All entries of a kind, in the order to show them."""
    return _ENTRIES[kind]


def find(kind: str, name: str) -> Entry:
    """The entry of that name.

    Raises:
        KindredError: naming what there is, and the nearest name.
    """
    known = {entry.name: entry for entry in _ENTRIES[kind]}
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise KindredError(f"There is no {kind} {name!r}; choose one of {', '.join(known)}.{hint}")
    return known[name]


def load(kind: str, name: str) -> Any:
    """The code behind an entry, imported now."""
    return _import(find(kind, name).where)


def find_or_own(kind: str, name: str) -> None:
    """See that the name is in the catalog, or one's own ``module:function``, which is not looked for yet.

    Raises:
        KindredError: if it is neither.
    """
    if not _OWN.fullmatch(name):
        if ":" in name:
            raise KindredError(f"The {kind} {name!r} is no function; write module:function, as in my.package:make.")
        find(kind, name)


def load_or_own(kind: str, name: str) -> Any:
    """The code behind an entry, or the function that ``module:function`` names, imported now.

    Raises:
        KindredError: if there is no such function.
    """
    if ":" not in name:
        return load(kind, name)
    try:
        return _import(name)
    except (ImportError, AttributeError) as error:
        raise KindredError(
            f"The {kind} {name!r} cannot be imported ({error}); put its folder into PYTHONPATH, and name a function "
            "of the module."
        ) from error


def needs(kind: str, name: str) -> tuple[str, ...]:
    """What an entry needs of others; nothing where the name is not in the catalog."""
    return next((entry.needs for entry in _ENTRIES[kind] if entry.name == name), ())


def has(kind: str, name: str) -> tuple[str, ...]:
    """What an entry gives to others; nothing where the name is not in the catalog."""
    return next((entry.has for entry in _ENTRIES[kind] if entry.name == name), ())


def _import(where: str) -> Any:
    module, attribute = where.split(":")
    return getattr(import_module(module), attribute)
