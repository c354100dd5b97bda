"""Where measured references come from: a page to read."""

from __future__ import annotations

from ramanstudio.core.paths import user_libraries


def page() -> str:
    """The page, as HTML."""
    return f"""
<p>RamanStudio comes with a small starter library whose spectra are <b>simulated from peak tables</b>. For real work,
get measured references. Both collections below are free; they are downloaded with your browser, and RamanStudio itself
never goes online.</p>
<h3>RRUFF: minerals</h3>
<ol>
<li>Open <a href="https://rruff.info/zipped_data_files/raman/">rruff.info › zipped data files › Raman</a>.</li>
<li>Download <b>excellent_unoriented.zip</b>: the spectra of excellent quality of samples in no particular
orientation.</li>
<li>Drop the zip on this window, as it is. It is read, and searched from then on.</li>
</ol>
<p>In publications, cite Lafuente, Downs, Yang and Stone (2015), <i>The power of databases: the RRUFF project</i>.</p>
<h3>Open Specy: plastics and what is found with them</h3>
<ol>
<li>Open <a href="https://osf.io/x7dpz/">osf.io/x7dpz</a>, where Open Specy keeps its libraries.</li>
<li>They are files of R (.rds), which only R can read: dropped here, such a file says how to save it as a table.</li>
<li>Drop the table (CSV) on this window; its table of facts, where there is one, lies beside it.</li>
</ol>
<h3>Your own</h3>
<p>Libraries… (Ctrl+Shift+L) makes a library of any spectra you have: of files, of a folder whose subfolders are groups,
or of what is selected in the list. A library is one file; those in this folder are found at the start:</p>
<p>{user_libraries()}</p>
"""
