"""What headers call laser, exposure, date, …: English, German, French, Spanish, Chinese and Japanese; and dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

# Our metadata key -> what headers call it (lower case, without unit); the first that is present counts.
METADATA_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "instrument": (
        "instrument", "model", "spectrometers", "spectrometer", "instrument model", "spectrometer name", "gerät",
        "spektrometer", "appareil", "spectromètre", "instrumento", "equipo", "espectrómetro", "仪器", "光谱仪",
        "仪器型号",
        "装置", "分光器",
    ),
    "objective": ("objective", "objectif", "objektiv", "objetivo", "物镜", "対物レンズ"),
    "sample": (
        "sample", "sample name", "rruffid", "chemical_name_mineral", "probe", "probenname", "échantillon",
        "echantillon",
        "muestra", "样品", "样品名称", "試料", "試料名", "サンプル", "サンプル名",
    ),
    "label": ("names",),
    "title": ("title", "graphname", "label", "titel", "titre", "título", "标题", "タイトル"),
    "date": (
        "acquired", "date and time", "acquisition_date_time", "date", "acquisition date", "measurement date",
        "timestamp", "datum", "messdatum",
        "aufnahmedatum", "date d'acquisition", "date de mesure", "fecha", "fecha de medida", "日期",
        "测量日期", "采集日期",
        "采集时间点", "日付", "測定日", "測定日時", "longdate", "collected",
    ),
    "grating": (
        "grating", "grating groove density (l/mm)", "gitter", "réseau", "reseau", "rejilla",
        "red de difracción", "光栅",
        "回折格子", "グレーティング",
    ),
    "detector": ("detector", "detektor", "détecteur", "探测器", "検出器"),
    "url": ("url",),
}  # fmt: skip
ACCUMULATION: Final = re.compile(
    r"^(no\.? ?of ?|number ?of ?|n[°.]? ?)?accumulations?$|frames averaged$"
    r"|^n?(no\.? ?of ?|number ?of ?)?((co-?added|sample) ?)?scans$|^scan averaging$"
    r"|^average( number)?$"
    r"|^spectra averaged$|^averaging nr\.?$|^scans? to average$|^averages$|^co-?adds$|^akkumulation(en)?$"
    r"|^(anzahl (der )?)?(scans|akkumulationen|mittelungen)$|^nombre d['’]accumulations?$|^nombre de (balayages|scans)$"
    r"|^acumulaciones$|^n[úu]mero de (acumulaciones|barridos)$|^promedios$|^累[加积]次数$|^平均次数$|^扫描次数$"
    r"|^積算回数$"
    r"|^スキャン回数$|^espectros promediados$|^escaneos a promediar$"
    r"|^accumul(i|azioni)$|^numero di accumul\S+$|^acumulações$|^número de acumulações$"
    r"|^число накоплений$|^누적 ?횟수$",
    re.I,
)
EXPOSURE: Final = re.compile(
    r"acq\S*\.?\s*time|temps\s+(d['’])?acq|exposition$|exposure.?(time|length|s)?( \(secs\))?$|int\w*gration.?times?$"
    r"|integration_time|^laser exposure"
    r"|integrationszeit|belichtungszeit|messzeit|expositionszeit|aufnahmezeit"
    r"|temps d['’](exposition|int[ée]gration|acquisition)|dur[ée]e d['’](exposition|acquisition|int[ée]gration)"
    r"|tiempo de (integraci[óo]n|exposici[óo]n|adquisici[óo]n)|^积分时间|^曝光时间|^采集时间|^積分時間"
    r"|^露光時間|^露出時間"
    r"|tempo (di|de) (integra\S+|esposi\S+|exposi\S+|acquisi\S+|aquisi\S+)|время (накопления|экспозиции|интегрирования)"
    r"|적분 ?시간|노출 ?시간"
    r"|^測定時間",
    re.I,
)
LASER: Final = re.compile(
    r"l[áa]ser|excit|lambda.?0|anregung|longitud de onda de exc|longueur d['’]onde d['’]exc|激光|激发|レーザー"
    r"|雷射|励起|xlaserwavelength|лазер|возбужд|레이저|여기",
    re.I,
)
NOT_THE_WAVELENGTH: Final = re.compile(
    r"power|enable|temp|%|type|\bmw\b|level|watt|current|spot|intensity|energy|pol\.|exposure|leistung|puissance|potencia"
    r"|功率|強度|パワー|potenza|мощност|출력|filter|status|serial|name|date|time|\bon\b|attenu",
    re.I,
)
POWER: Final = re.compile(
    r"^(laser[ _-]?)?power([_ ]mw)?$|^laserleistung$|^leistung$|^puissance( du)? ?laser$|^puissance$"
    r"|^potencia( del)? ?l[áa]ser$"
    r"|^激光功率$|^功率$|^レーザー(パワー|出力|強度)$",
    re.I,
)
_DATE_FORMATS: Final = (
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%a %b %d %H:%M:%S.%f %Y", "%a %b %d %H:%M:%S %Y", "%Y%m%d-%H%M%S-%f",
    "%A, %B %d, %Y, %H:%M:%S", "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日",
)  # fmt: skip
_ZONE: Final = re.compile(r"\s(?:[A-Z]{3,4})(?=\s\d{4}$)|(?<=\d)(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$")


def iso_date(text: str) -> str:
    """Return a date and time as '2025-07-17 13:09:55'; as it is written where day and month cannot be told apart."""
    plain = _ZONE.sub("", text.strip())
    for pattern in _DATE_FORMATS:
        try:
            moment = datetime.strptime(plain, pattern)
        except ValueError:
            continue
        return moment.strftime("%Y-%m-%d %H:%M:%S" if "%H" in pattern else "%Y-%m-%d")
    return text.strip()
