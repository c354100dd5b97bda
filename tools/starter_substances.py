"""Which substances the starter library should have, and under which label the corpus keeps their spectra.

Only pure substances whose label says clearly what they are: no brands, no mixtures, no abbreviations but those of
the eleven polymers, which their collection explains. A formula is given where the label has it in full.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Substance:
    """A substance, and the spectra of the corpus that may be fitted between two Raman shifts."""

    name: str
    group: str
    collection: str
    label: str
    formula: str = ""
    sample: str = ""
    low_cm: float = 100.0
    high_cm: float = 3600.0


MINERAL_NAMES = """
Actinolite Albite Almandine Alunite Analcime Anatase Andalusite Andradite Anglesite Anhydrite Anorthite Aragonite
Augite Azurite Baryte Benitoite Beryl Brookite Brucite Calcite Cassiterite Celestine Cerussite Chalcanthite Chrysoberyl
Cinnabar Colemanite Cordierite Corundum Crocoite Cuprite Danburite Datolite Diamond Diaspore Diopside Dolomite Dravite
Elbaite Enstatite Epidote Euclase Fayalite Fluorapatite Fluorite Forsterite Goethite Grossular Gypsum Hematite
Jarosite Kyanite Lazulite Magnesite Malachite Marialite Microcline Mimetite Moissanite Muscovite Natrolite
Nepheline Orpiment Orthoclase Phenakite Phlogopite Prehnite Pyrite Pyromorphite Pyrope Quartz Realgar Rhodochrosite
Rhodonite Rutile Scheelite Siderite Sillimanite Smithsonite Sodalite Spessartine Sphalerite Spinel Stibnite Strontianite
Talc Thenardite Titanite Topaz Tremolite Turquoise Ulexite Vanadinite Variscite Vesuvianite Vivianite
Witherite Wollastonite Wulfenite Zircon Zoisite
"""

POLYMERS = {
    "Polystyrene": "PS",
    "Polyamide": "PA",
    "Polycarbonate": "PC",
    "Polyurethane": "PU",
    "Polyethylene terephthalate": "PET",
    "Polypropylene": "PP",
    "Styrene-acrylonitrile": "SAN",
    "Polyvinyl chloride": "PVC",
    "Polyethylene": "PE",
    "Polyoxymethylene": "POM",
    "Acrylonitrile butadiene styrene": "ABS",
}

REAGENTS = {
    "Chloroform": "三氯甲烷",
    "Acetone": "丙酮",
    "Acetonitrile": "乙腈",
    "Ethyl acetate": "乙酸乙酯",
    "Ethanol": "乙醇",
    "Diethyl ether": "乙醚",
    "Dichloromethane": "二氯甲烷",
    "Hydrogen peroxide": "双氧水",
    "Pyridine": "吡啶",
    "Tetrahydrofuran": "四氢呋喃",
    "Hexane": "正己烷",
    "Cyclohexane": "环己烷",
    "Formic acid": "甲酸",
    "Methanol": "甲醇",
    "Nitric acid": "硝酸",
    "Sulfuric acid": "硫酸",
}

MEDICINE_NAMES = """
Arecoline Aspirin Atenolol Cantharidin Chlorpheniramine Chlorpropamide Chlorzoxazone Clemastine Cyclobenzaprine
Dexamethasone Diclofenac Doxylamine Furazolidone Heptaminol Ibuprofen Imipramine Lapachol Loratadine Methimazole
Minoxidil Nadolol Nortriptyline Oxybenzone Papaverine Phenothiazine Phenytoin Progesterone Promethazine Propranolol
Quinidine Sulfadiazine Timolol Tolazoline Tolbutamide
"""
MEDICINES = {name: name for name in MEDICINE_NAMES.split()} | {
    "Paracetamol": "Acetaminophen",
    "Nalidixic acid": "Nalidixic",
    "Theophylline": "Theophyline",
}

POWDERS = {
    "Sodium carbonate": ("Sodium Carbonate_Na2CO3", "Na2CO3"),
    "Sodium bicarbonate": ("Baking Soda", ""),
    "Borax": ("Borax_785nm", ""),
    "Sucrose": ("Sucrose", ""),
    "Fructose": ("Fructose", ""),
    "Lactose": ("Lactose", ""),
    "Cellulose": ("Cellulose", ""),
    "Amylose": ("Amylose", ""),
    "Melamine": ("Melamine", ""),
    "Antimony trioxide": ("Antimony Trioxide_785nm", ""),
}

SALTS_AND_OXIDES = {
    "Arcanite": ("Arcanite_(K2SO4)", "K2SO4"),
    "Lopezite": ("Lopezite(K2Cr2O7)_785nm_unoriented", "K2Cr2O7"),
    "Niter": ("Niter_KNO3_532nm_unoriented", "KNO3"),
    "Eskolaite": ("Eskolaite(Cr2O3)_532nm_unoriented", "Cr2O3"),
}

PIGMENTS = {
    "Barium yellow": ("BariumYellow_barium chromate BaCrO4 [Yellow]", "BaCrO4"),
    "Chrome yellow": ("Chromeyellow_lead(II) chromate PbCrO4 [Yellow]", "PbCrO4"),
    "Strontium yellow": ("Strontiumyellow_strontium chromate SrCrO4 [Yellow]", "SrCrO4"),
    "Zinc yellow": ("Zincyellow_zinc chromate ZnCrO4 [Yellow]", "ZnCrO4"),
    "Red lead": ("Redlead_dilead(II) lead(IV) oxide Pb3O4 [Red]", "Pb3O4"),
    "Massicot": ("Massicot_orthorhrombic lead(II) oxide, PbO [Yellow]", "PbO"),
    "Litharge": ("Litharge_tetragonal lead(II) oxide, PbO [Red]", "PbO"),
    "Pararealgar": ("Pararealgar_arsenic(II) sulfide, As4S4 [Yellow]", "As4S4"),
    "Egyptian blue": ("Egyptianblue_calcium copper(II) silicate CaCuSi4O10 [Blue]", "CaCuSi4O10"),
    "Prussian blue": ("Prussianblue_iron(III) hexa-cyanoferrate(II) Fe4[Fe(CN)6]3 [Blue]", "Fe4[Fe(CN)6]3"),
    "Zinc white": ("Zincwhite_zinc oxide, ZnO [White]", "ZnO"),
    "Verdigris": ("Verdigrisraw_copper(II) ethanoate Cu(CH3COO)2 [Green]", "Cu(CH3COO)2"),
}

LOWEST_CM = {  # where a spectrum falls off from the filter's edge to its first line
    "Styrene-acrylonitrile": 330.0,
    "Acrylonitrile butadiene styrene": 330.0,
    "Methanol": 330.0,
    "Nitric acid": 330.0,
}

STANDARDS = (
    Substance("Polystyrene", "Calibration standards", "calibration", "PST10", low_cm=350, high_cm=3150,
              sample="FMNT-M_Ho785/PST10_iR785_OP01_40000msx4.txt"),
    Substance("Silicon", "Calibration standards", "cdph", "Silicon_532nm_unoriented_Processed"),
)  # fmt: skip

WANTED = (
    *STANDARDS,
    *(Substance(name, "Polymers", "microplastics", label, sample=label, low_cm=LOWEST_CM.get(name, 180), high_cm=3400)
      for name, label in POLYMERS.items()),
    *(Substance(name, "Solvents and reagents", "reagents", label, low_cm=LOWEST_CM.get(name, 180))
      for name, label in REAGENTS.items()),
    *(Substance(name, "Medicines", "cdph", label) for name, label in MEDICINES.items()),
    *(Substance(name, "Powders", "cdph", label, formula) for name, (label, formula) in POWDERS.items()),
    *(Substance(name, "Pigments", "cdph", label, formula) for name, (label, formula) in PIGMENTS.items()),
    *(Substance(name, "Minerals", "cdph", label, formula) for name, (label, formula) in SALTS_AND_OXIDES.items()),
    *(Substance(name, "Minerals", "rruff", name) for name in MINERAL_NAMES.split()),
    Substance("Sulfur", "Minerals", "rruff", "Sulphur"),
)  # fmt: skip
