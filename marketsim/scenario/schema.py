"""The scenario file as pydantic models: what a world may be made of, with units, bounds and meanings.

Money is RMB million (`rmb_m`), prices thousand RMB per card (`krmb`), cards thousand (`k`), wafers thousand per
quarter: price times cards is money without a factor. What the parameters do is in `docs/model.md`. Where a figure
comes from stands beside it in the file (`{value: 22, source: ...}`), see `marketsim.scenario.provenance`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from marketsim.scenario.fields import (
    Amount,
    AmountPath,
    Figure,
    Positive,
    PositivePath,
    Quarter,
    Section,
    Share,
    SharePath,
    SubsidyPath,
    SupportPath,
    Weight,
    quantity,
)
from marketsim.scenario.vocabulary import Vocabulary

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Quarters = Annotated[int, Field(ge=0, le=40)]
LeadTime = Annotated[int, Field(ge=1, le=8)]


class Title(Section):
    """A name for people, in the languages of the product."""

    en: str = Field(description="English")
    zh: str = Field(description="Simplified Chinese")


class Node(Section):
    """A process node: what the foundries can make, how well, and on what terms."""

    title: Title
    capacity: AmountPath = quantity("k wafers/quarter", "wafer starts open to vendors, linear between points")
    wafer_price: PositivePath = quantity("krmb/wafer", "price of a processed wafer, linear between points")
    gross_dies: Positive = quantity("dies/wafer", "candidate dies on a wafer")
    die_area: Positive = quantity("cm2", "area of one die")
    defect_density: Amount = quantity("1/cm2", "defect density D0 at the start")
    defect_floor: Amount = quantity("1/cm2", "defect density that learning cannot go below")
    defect_learning: Share = quantity("1", "exponent of defect density in cumulative wafers")
    reference_wafers: Positive = quantity("k wafers", "wafers made before the start: the scale of defect learning")
    defect_clustering: Positive = quantity("1", "clustering alpha of the negative binomial yield", 2.0)
    packaging_yield: Annotated[float, Field(ge=0.01, le=1)] = quantity("1", "share of good dies that survive packaging")
    compute: Positive = quantity("TFLOPS", "dense FP16 compute of a card at architecture level 1")
    power: Positive = quantity("W", "power of a card at architecture level 1")
    contract_fee: AmountPath = quantity(
        "rmb_m per k wafers/quarter", "price of a unit of new capacity, linear between points"
    )
    contract_life: Positive = quantity("quarters", "mean life of a contract or plant; it expires at rate 1/life")
    contract_lead: LeadTime = quantity("quarters", "from signing to the first wafer start")
    take_or_pay: Share = quantity("1", "share of the wafer price that idle contracted capacity still costs")
    releasable: Share = quantity("1/quarter", "largest share of contracts that can be given up in a quarter")
    newcomer_standing: Share = quantity("1", "past volume that a newcomer counts for in the queue, of capacity", 0.01)
    tape_out_cost: Amount = quantity("rmb_m", "masks and design of a product on this node")
    design_time: LeadTime = quantity("quarters", "from starting a product to tape-out")
    respin_chance: Share = quantity("1", "chance that a vendor's first product on this node needs a second tape-out")
    respin_cost: Amount = quantity("rmb_m", "cost of a second tape-out", 0.0)


class Memory(Section):
    """A memory type that a card carries."""

    title: Title
    bandwidth: Positive = quantity("TB/s", "bandwidth of a card at architecture level 1")
    per_card: Positive = quantity("GB/card", "memory on a card")
    price: PositivePath = quantity("RMB/GB", "price, linear between points")
    supply: AmountPath | None = quantity("TB/quarter", "supply, linear between points; none: plentiful", None)
    stockpile: Amount = quantity("TB", "held in the country at the start, used when supply is short", 0.0)


class ModelFamily(Section):
    """A family of AI models whose software must be adapted to each vendor's cards."""

    title: Title
    adaptation_scale: Positive = quantity("rmb_m", "spend A0 that adapts 63 % of what is missing")
    obsolescence: Share = quantity("1", "delta: what a new generation takes from maturity")
    generations: list[Quarter] = Field([], max_length=100, description="quarters of known new generations")
    generation_chance: Share = quantity("1/quarter", "chance of a new generation in any other quarter", 0.0)


class Segment(Section):
    """A group of buyers."""

    title: Title
    spend: PositivePath = quantity(
        "rmb_m/quarter", "money for cards at the reference cost of work, geometric between points"
    )
    cost_decline: Share = quantity("1/quarter", "decline of the reference cost of work that `spend` expects")
    training: Share = quantity("1", "share of training in the work, the rest is inference")
    prefill: Share = quantity("1", "share of prefill in inference")
    price_sensitivity: Annotated[float, Field(ge=0.1, le=50)] = quantity(
        "1", "alpha: elasticity of substitution less 1"
    )
    demand_elasticity: Annotated[float, Field(ge=0, le=5)] = quantity(
        "1", "eps: cheaper work by 1 % means eps % more work bought"
    )
    software_weight: Annotated[float, Field(ge=0, le=20)] = quantity(
        "1", "beta: worth of software maturity beyond its throughput"
    )
    lock_in: Annotated[float, Field(ge=0, le=20)] = quantity(
        "1", "lambda: weight of the log share of the installed base"
    )
    reliability_weight: Annotated[float, Field(ge=0, le=20)] = quantity("1", "rho: worth of reliability")
    usage: dict[Identifier, Share] = quantity("1", "share of each model family in the work")
    patience: Share = quantity("1", "share of unmet orders that waits for the next quarter")


class Product(Section):
    """A card: its node, memory and the level of its architecture (1 is the node's base)."""

    node: Identifier
    memory: Identifier
    architecture: Positive = quantity("1", "architecture level a: multiplies compute; bandwidth by its root")
    ready_in: Quarters = quantity("quarters", "until cards of a product in design come out", 0)


class Vendor(Section):
    """A domestic vendor at the start of the scenario."""

    title: Title
    strategy: str = Field(description="name of the strategy that plays it, see `marketsim strategies`")
    strategy_reason: str = Field(description="why this strategy stands for this vendor")
    product: Product
    next_product: Product | None = Field(None, description="product in design at the start")
    price: Positive = quantity("krmb/card", "price at the start")
    dies_per_card: Positive = quantity("dies", "mean number of dies on a card", 1.0)
    cost_factor: Positive = quantity("1", "own unit cost over the industry's, same product and experience", 1.0)
    stock: Amount = quantity("k cards", "finished cards at the start", 0.0)
    in_process: list[Amount] = quantity("k cards", "cards due in quarter 1, 2, ... of the scenario")
    contracts: dict[Identifier, Amount] = quantity("k wafers/quarter", "capacity contracts by node")
    installed: Amount = quantity("k cards", "installed base at the start")
    installed_split: dict[Identifier, Share] = quantity("1", "share of the installed base in each segment")
    affinity: dict[Identifier, Weight] = quantity(
        "1", "utility that a segment's buyers add: parents, friends, home", {}
    )
    software: dict[Identifier, Share] = quantity("1", "software maturity by model family")
    reliability: Share = quantity("1", "reliability as buyers see it")
    cash: Amount = quantity("rmb_m", "cash at the start")
    debt: Amount = quantity("rmb_m", "debt at the start", 0.0)
    overhead: Amount = quantity("rmb_m/quarter", "sales and administration that cannot be cut")
    rnd_base: Amount = quantity("rmb_m/quarter", "architecture research that strategies take as normal")
    founders_share: Share = quantity("1", "equity left with founders or parent", 1.0)
    listed: bool = Field(False, description="already listed on an exchange")
    parent_support: Amount = quantity("rmb_m/quarter", "what a parent pays rather than see it fail", 0.0)
    foundry_priority: Positive = quantity("1", "weight in the foundry's queue when policy gives priority", 1.0)


class Offer(Section):
    """What a foreign supplier may sell from a quarter on."""

    price: Positive = quantity("krmb/card", "price before tariff")
    compute: Positive = quantity("TFLOPS", "dense FP16 compute")
    bandwidth: Positive = quantity("TB/s", "memory bandwidth")
    power: Positive = quantity("W", "power of a card")
    supply: Amount = quantity("k cards/quarter", "cards that export and import rules let in")


class ForeignSupplier(Section):
    """A foreign supplier: a path of offers; it decides nothing."""

    title: Title
    offers: dict[Quarter, Offer] = Field(min_length=1, description="offers, each valid from its quarter on")
    installed: Amount = quantity("k cards", "installed base at the start")
    installed_split: dict[Identifier, Share] = quantity("1", "share of the installed base in each segment")
    affinity: dict[Identifier, Weight] = quantity("1", "utility that a segment's buyers add", {})
    software: dict[Identifier, Share] = quantity("1", "software maturity by model family")
    reliability: Share = quantity("1", "reliability as buyers see it")


class EntrantType(Section):
    """A kind of firm that may enter, with the slots that such firms can fill at the same time."""

    title: Title
    slots: Annotated[int, Field(ge=1, le=100)] = quantity("firms", "most firms of this type at a time")
    weight: Amount = quantity("1", "share of entrants that are of this type, before scaling to 1")
    strategy: str = Field(description="name of the strategy that plays them")
    product: Product
    price: Positive = quantity("krmb/card", "first price")
    cash: Amount = quantity("rmb_m", "cash at entry")
    contract: Amount = quantity("k wafers/quarter", "capacity that an entrant asks for on its node")
    catch_up: Share = quantity(
        "1", "architecture at entry as a share of the best domestic one, if more than its own", 0.7
    )
    software: Share = quantity("1", "software maturity at entry, all families")
    reliability: Share = quantity("1", "reliability at entry")
    overhead: Amount = quantity("rmb_m/quarter", "sales and administration that cannot be cut")
    rnd_base: Amount = quantity("rmb_m/quarter", "architecture research that strategies take as normal")
    cost_spread: Share = quantity("1", "standard deviation of log unit cost between entrants", 0.0)


class Technology(Section):
    """Throughput, cost and research."""

    prefill_rate: Positive = quantity("tokens/s per TFLOPS", "kC: prefill speed of compute")
    decode_rate: Positive = quantity("tokens/s per TB/s", "kB: decode speed of bandwidth")
    training_rate: Positive = quantity("tokens/s per TFLOPS", "kT: training expressed in the tokens it is worth")
    cluster_exponent: Amount = quantity("1", "phi: how strongly training suffers from low reliability")
    untuned_share: Annotated[float, Field(ge=0.001, le=1)] = quantity("1", "e_min: throughput without any adaptation")
    production_lead: LeadTime = quantity("quarters", "from wafer start to a card that can be sold")
    board_cost: Amount = quantity("krmb/card", "board, packaging and test at unit experience")
    learning_rate: Annotated[float, Field(ge=0, lt=0.9)] = quantity("1", "cost fall for each doubling of experience")
    reference_output: Positive = quantity("k cards", "experience at which unit cost is as computed")
    experience_spillover: Share = quantity("1", "share of others' output that counts as own experience")
    research_scale: Positive = quantity("rmb_m", "R0: research that brings 63 % of a generation's gain")
    generation_gain: Amount = quantity("1", "g: largest gain of architecture level in a generation")
    architecture_cost: Share = quantity(
        "1", "exponent of unit cost in the architecture level: stronger cards cost more", 0.0
    )
    obsolete_stock: Share = quantity("1", "share of old cards written off when a product is replaced")
    yield_noise: Share = quantity("1", "standard deviation of log yield between vendors and quarters")


class Software(Section):
    """Adaptation, ecosystem and reliability."""

    community_rate: Amount = quantity("rmb_m per k cards", "adaptation that users of an installed card do themselves")
    service_scale: Positive = quantity("rmb_m", "service that removes 63 % of missing reliability for a small base")
    service_per_card: Amount = quantity("rmb_m per k cards", "how the service that is needed grows with the base")
    reliability_decay: Share = quantity("1/quarter", "reliability lost without service")
    missed_delivery_cost: Share = quantity("1", "share of reliability lost if nothing ordered is delivered")
    delivery_memory: Share = quantity("1/quarter", "how fast the record of deliveries is forgotten")


class Market(Section):
    """How buyers choose, beyond what differs by segment."""

    server_markup: Amount = quantity("1", "cost of server, network and hall over the price of the cards")
    card_life: Positive = quantity("quarters", "service life of a card")
    utilisation: Annotated[float, Field(ge=0.01, le=1)] = quantity("1", "share of time that a card works")
    counted_tokens: SharePath = quantity(
        "1",
        "share of inference that statistics of tokens count: models that write, not search or recommendation; linear between points",
        {"0001Q1": 1.0},
    )
    electricity_price: AmountPath = quantity("RMB/kWh", "price, linear between points")
    power_overhead: Positive = quantity("1", "power drawn by the hall per power of the cards")
    lock_in_floor: Annotated[float, Field(gt=0, le=1)] = quantity("1", "l0: base share that a newcomer seems to have")
    focus_effect: Annotated[float, Field(ge=0, le=5)] = quantity("1", "utility of sales effort twice the even share")
    luck: Annotated[float, Field(ge=0, le=5)] = quantity(
        "1", "standard deviation of a vendor's luck in a segment and quarter"
    )
    demand_noise: Share = quantity("1", "standard deviation of log spend in a segment and quarter")
    growth_memory: Share = quantity("1/quarter", "weight of the newest growth in extrapolated growth")


class Finance(Section):
    """Books, lenders and investors."""

    interest_rate: SharePath = quantity("1/year", "interest on debt, linear between points")
    debt_term: Positive = quantity("quarters", "debt is repaid at rate 1/term")
    debt_share: Share = quantity("1", "share of the cost of new capacity that lenders pay")
    lending_multiple: Amount = quantity("1", "debt limit as a multiple of yearly gross profit")
    collateral_share: Share = quantity("1", "debt limit as a share of the value of contracted capacity")
    trade_credit: Share = quantity(
        "1", "share of last quarter's revenue that can be spent before this quarter's comes in"
    )
    frontier_share: Share = quantity(
        "1", "cost of staying at the frontier, as a share of domestic industry revenue a quarter"
    )
    round_chance: Share = quantity("1", "chance that a round asked for closes, at climate 1")
    round_growth_weight: Amount = quantity("1", "how much growth of orders raises that chance")
    valuation_floor: Amount = quantity("rmb_m", "value of a vendor without revenue at climate 1")
    valuation_multiple: Amount = quantity("1", "value as a multiple of yearly revenue at climate 1")
    largest_dilution: Share = quantity("1", "share of the equity that one round can sell")
    listing_revenue: Amount = quantity("rmb_m/year", "yearly revenue that a listing asks for")
    listing_boost: Positive = quantity("1", "value at a listing over value in a round")
    climate: AmountPath = quantity("1", "funding climate, 1 is normal, linear between points")
    subsidy_limit: Amount = quantity("rmb_m/quarter", "most that a local government pays to keep one vendor alive")
    acquisition_price: Share = quantity("1", "price of a failing vendor as a share of what it is worth to the buyer")
    base_value: Amount = quantity("rmb_m per k cards", "what an installed card is worth to a buyer")
    software_value: Amount = quantity("rmb_m", "what full software maturity that one lacks is worth")
    plant_value: Share = quantity("1", "worth of a failing vendor's capacity to a buyer over its price when new", 0.0)
    normal_margin: Share = quantity("1", "gross margin below which low prices count as a cause of losses")


class Population(Section):
    """Entry and exit."""

    entry_rate: AmountPath = quantity(
        "firms/quarter", "entry at climate 1, normal margin and ample room, linear between points"
    )
    largest_population: Positive = quantity("firms", "number of domestic firms at which entry stops")
    entry_margin_weight: Amount = quantity("1", "1: entry follows the industry's margin; 0: it does not")
    base_retention: Share = quantity("1", "share of a failed vendor's base that a buyer of the firm keeps")


class Policy(Section):
    """Policy levers, each a path that holds its value from a point to the next."""

    purchase_subsidy: SubsidyPath = quantity(
        "1", "share of a domestic card's price that the state pays", {"0001Q1": 0.0}
    )
    electricity_discount: SharePath = quantity("1", "discount on power for domestic cards", {"0001Q1": 0.0})
    domestic_content: dict[Identifier, SharePath] = quantity(
        "1", "share of a segment's buyers who may not buy foreign", {}
    )
    demand_support: dict[Identifier, SupportPath] = quantity(
        "1", "factor on what a segment's buyers spend thanks to public money: feed-in tariffs, vouchers", {}
    )
    import_ceiling: AmountPath = quantity("1", "factor on what foreign suppliers may sell", {"0001Q1": 1.0})
    import_tariff: AmountPath = quantity("1", "tariff on foreign cards", {"0001Q1": 0.0})
    export_control: SharePath = quantity("1", "loss of foundry capacity and yield to tool limits", {"0001Q1": 0.0})
    foundry_priority: SharePath = quantity(
        "1", "0: the queue decides; 1: vendors' priority weights count in full", {"0001Q1": 0.0}
    )
    capacity_subsidy: SharePath = quantity(
        "1", "share of the cost of new capacity that the state pays", {"0001Q1": 0.0}
    )
    guidance_fund: AmountPath = quantity(
        "rmb_m/quarter", "guidance-fund money for vendors that raise funds", {"0001Q1": 0.0}
    )
    guidance_targeting: SharePath = quantity("1", "0: equal parts; 1: by market share", {"0001Q1": 0.0})
    listing_window: SharePath = quantity("1", "chance that an application to list goes through", {"0001Q1": 1.0})
    local_support: SharePath = quantity(
        "1", "share of the limit that local governments pay to failing vendors", {"0001Q1": 0.0}
    )
    shared_stack: SharePath = quantity("1", "share of others' adaptation that everybody can use", {"0001Q1": 0.0})
    joint_procurement: AmountPath = quantity("1", "by how much pooled buying raises price sensitivity", {"0001Q1": 0.0})
    merger_approval: SharePath = quantity("1", "chance that the sale of a failing vendor is approved", {"0001Q1": 1.0})


SEGMENT_LEVERS = {"domestic_content": 0.0, "demand_support": 1.0}
"""Policy levers that each segment has of its own, named `LEVER.SEGMENT`, and their value where nothing is said."""


class Event(Section):
    """Something that happens on a date: news, and changes of policy levers from that quarter on."""

    quarter: Quarter
    title: Title
    changes: dict[str, Amount] = Field({}, description="policy lever -> its value from this quarter on")


class Reported(Section):
    """A figure reported for the real market, to be shown beside the simulated one."""

    year: Annotated[int, Field(ge=1900, le=2100)]
    metric: Literal["cards", "domestic_share_cards", "revenue", "demand", "price", "gross_margin"]
    vendor: Identifier | None = Field(None, description="vendor; none for the whole market")
    value: Amount = quantity("k cards, 1, rmb_m or krmb", "the reported value")
    half: Literal[1, 2] | None = Field(None, description="half of the year; none for the whole")


class FreeParameter(Section):
    """What the data may move: calibration fits it, and where they do not pin it down it stays uncertain."""

    title: Title | None = Field(None, description="for people; the name if not given")
    moves: Annotated[list[str], Field(min_length=1, max_length=50)] = Field(
        description="dotted paths of figures that move together; `*` stands for every key, `2027Q1-2034Q4` for points of a path"
    )
    low: Figure = quantity("of the figure", "least value")
    high: Figure = quantity("of the figure", "largest value")
    factor: bool = Field(False, description="true: low and high bound a factor on the figures as they are written")
    scale: Literal["linear", "log"] = Field("linear", description="log: equal steps are equal ratios")


class Scenario(Section):
    """A world: who is in it, what is scarce, who buys, and what changes when."""

    schema_version: Literal[1] = 1
    name: Identifier
    title: Title
    description: Title
    vocabulary: Vocabulary = Field(Vocabulary(), description="what this industry calls cards, foundries and the like")
    start: Quarter
    quarters: Annotated[int, Field(ge=1, le=200)] = quantity("quarters", "length of a run")
    nodes: dict[Identifier, Node] = Field(min_length=1, max_length=12)
    memories: dict[Identifier, Memory] = Field(min_length=1, max_length=12)
    families: dict[Identifier, ModelFamily] = Field(min_length=1, max_length=20)
    segments: dict[Identifier, Segment] = Field(min_length=1, max_length=40)
    vendors: dict[Identifier, Vendor] = Field(min_length=1, max_length=200)
    foreign: dict[Identifier, ForeignSupplier] = Field({}, max_length=20)
    entrants: dict[Identifier, EntrantType] = Field({}, max_length=20)
    technology: Technology
    software: Software
    market: Market
    finance: Finance
    population: Population
    policy: Policy = Policy()
    events: list[Event] = Field([], max_length=400)
    policies: dict[Identifier, dict[str, AmountPath]] = Field(
        {}, max_length=100, description="named sets of lever changes for `--policy`"
    )
    policy_titles: dict[Identifier, Title] = Field(
        {}, max_length=100, description="of policies, for people; their names where not given"
    )
    reported: list[Reported] = Field([], max_length=400)
    free: dict[Identifier, FreeParameter] = Field(
        {}, max_length=100, description="free parameters by name, for calibration and for what stays uncertain"
    )
