"""Guides to libraries of measured spectra: where to download them, and how to add them."""

from __future__ import annotations

from ramanstudio.core.paths import user_libraries


def download_guides() -> str:
    """The guides, as HTML."""
    return f"""
<p>RamanStudio comes with a small starter library whose spectra are <b>simulated from peak tables</b>. For real work,
use measured references. Both collections below are free. You download them with your browser: RamanStudio itself
never goes online.</p>
<h3>RRUFF: minerals</h3>
<ol>
<li>Open <a href="https://rruff.info/zipped_data_files/raman/">rruff.info › zipped data files › Raman</a>.</li>
<li>Download <b>excellent_unoriented.zip</b>: spectra of excellent quality, measured on unoriented samples.</li>
<li>Drop the zip file on this window. There is no need to unpack it: it becomes a library and is searched from then
on.</li>
</ol>
<p>In publications, cite Lafuente, Downs, Yang and Stone (2015), <i>The power of databases: the RRUFF project</i>.</p>
<h3>Open Specy: plastics and their additives</h3>
<ol>
<li>Open <a href="https://osf.io/x7dpz/">osf.io/x7dpz</a>, where Open Specy publishes its libraries.</li>
<li>They are R files (.rds), which only R can read. Drop one here to see how to save it as a table.</li>
<li>Drop the table (CSV) on this window. Where there is a metadata table, keep it in the same folder.</li>
</ol>
<h3>Your own spectra</h3>
<p>Libraries… (Ctrl+Shift+L) creates a library from files, from a folder whose subfolders are groups, or from the
spectra selected in the list. A library is one file. RamanStudio opens those in this folder when it starts:</p>
<p>{user_libraries()}</p>
"""
